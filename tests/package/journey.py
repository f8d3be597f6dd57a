"""A package's life inside the root that `root` made: installed, started, asked for a picture, ended, removed.

Runs on that root's own Python, so it imports nothing but the standard library. Prints what it saw as JSON.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

API = "http://127.0.0.1:8080"
DEMO = {"stream_id": "door", "rtsp_url": "demo:"}
SCREEN = ["xvfb-run", "-a", "-s", "-screen 0 1280x800x24", "dbus-run-session", "--"]
INSTALL = {"deb": ["dpkg", "-i"], "rpm": ["rpm", "-i", "--nodeps", "--nosignature"]}
REMOVE = {"deb": ["dpkg", "--purge", "fanlight"], "rpm": ["rpm", "-e", "--nodeps", "fanlight"]}
FILES = {"deb": ["dpkg", "-L", "fanlight"], "rpm": ["rpm", "-ql", "fanlight"]}


def run(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return {"code": done.returncode, "said": done.stdout + done.stderr}


def ask(path: str, body: dict[str, str] | None = None) -> bytes:
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(API + path, data, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=15) as answer:
        return bytes(answer.read())


def programs() -> dict[int, str]:
    """The program of each process, as a path in this root."""
    found = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            found[int(entry.name)] = os.readlink(entry / "exe")
    return found


def of(program: str) -> list[int]:
    return [pid for pid, path in programs().items() if path == program]


def until(look: Any, within: float) -> Any:
    deadline = time.monotonic() + within
    while True:
        with contextlib.suppress(OSError):
            value = look()
            if value:
                return value
        if time.monotonic() > deadline:
            return None
        time.sleep(0.1)


def use() -> dict[str, Any]:
    """Start the installed app as its desktop file does, and get a picture from it."""
    entry = Path("/usr/share/applications/Fanlight.desktop").read_text()
    command = next(line[5:] for line in entry.splitlines() if line.startswith("Exec="))
    with Path("/tmp/app.log").open("wb") as log:
        inside = f"openbox & exec {command}"
        app = subprocess.Popen([*SCREEN, "sh", "-c", inside], stdout=log, stderr=log)
    seen: dict[str, Any] = {}
    try:
        seen["health"] = bool(until(lambda: ask("/livez"), within=30))
        seen["added"] = json.loads(ask("/api/streams", DEMO))
        picture = until(lambda: ask("/api/streams/door/frame?format=jpeg&width=640"), within=20) or b""
        seen["picture"] = {"start": picture[:3].hex(), "bytes": len(picture)}
        seen["programs"] = sorted(set(programs().values()))
        seen["decoders"] = len(of("/usr/bin/fanlight-ffmpeg"))
        # A busy machine shows the window later than the first picture.
        seen["windows"] = until(windows, within=20) or []
    except OSError as error:
        seen["failure"] = repr(error)
    started = time.monotonic()
    for pid in of("/usr/bin/fanlight"):
        os.kill(pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        seen["ended"] = app.wait(15)
    seen["seconds_to_end"] = time.monotonic() - started
    seen["left"] = len(of("/usr/bin/fanlight-ffmpeg")) + len(of("/usr/bin/fanlight"))
    seen["log"] = Path("/tmp/app.log").read_text(errors="replace")[-4000:]
    return seen


def windows() -> list[str]:
    """Titles of the windows whose class is the one that the desktop file names."""
    display = next((p.name[1:] for p in Path("/tmp/.X11-unix").iterdir()), "")
    # xvfb-run keeps the key of its screen to itself; its programs have it in their environment.
    for pid in of("/usr/bin/fanlight"):
        pairs = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        keys = dict(pair.decode().split("=", 1) for pair in pairs if b"=" in pair)
        environment = os.environ | {"DISPLAY": f":{display}", "XAUTHORITY": keys.get("XAUTHORITY", "")}
        search = ["xdotool", "search", "--onlyvisible", "--classname", "^fanlight$", "getwindowname", "%@"]
        done = subprocess.run(search, env=environment, capture_output=True, text=True, check=False)
        return done.stdout.split("\n")[:-1]
    return []


def main(kind: str, package: str) -> dict[str, Any]:
    seen: dict[str, Any] = {"installed": run([*INSTALL[kind], package])}
    if seen["installed"]["code"] == 0:
        seen["files"] = run(FILES[kind])["said"].split("\n")
        seen["used"] = use()
        seen["removed"] = run(REMOVE[kind])
    return seen


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))

"""A server package's life on a booted system: installed, used, reloaded, hung, upgraded, removed, purged.

Runs on that system's own Python, so it imports nothing but the standard library. Writes what it saw as JSON.
"""

import contextlib
import json
import os
import pwd
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

API = "http://127.0.0.1:8080"
UNIT = "fanlight-server.service"
CONFIG = Path("/etc/fanlight/fanlight.toml")
CAMERAS = Path("/var/lib/fanlight/cameras.json")
#: What dpkg keeps for itself.
BOOKS = ("var/lib/dpkg", "var/log", "var/cache")


def run(*command: str, **more: Any) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    return {"code": done.returncode, "said": done.stdout + done.stderr, "out": done.stdout}


def ask(path: str, body: dict[str, str] | None = None, host: str | None = None) -> bytes:
    data = json.dumps(body).encode() if body else None
    headers = {"content-type": "application/json"} | ({"host": host} if host else {})
    with urllib.request.urlopen(urllib.request.Request(API + path, data, headers), timeout=15) as answer:
        return bytes(answer.read())


def status_of(path: str, host: str) -> int:
    try:
        ask(path, host=host)
    except urllib.error.HTTPError as error:
        return error.code
    return 200


def until(look: Callable[[], Any], within: float = 20) -> Any:
    deadline = time.monotonic() + within
    while True:
        with contextlib.suppress(OSError, AssertionError):
            value = look()
            if value:
                return value
        if time.monotonic() > deadline:
            return None
        time.sleep(0.1)


def shown(*properties: str) -> dict[str, str]:
    told = run("systemctl", "show", UNIT, *[f"--property={name}" for name in properties])["out"]
    return dict(line.split("=", 1) for line in told.splitlines())


def main_pid() -> int:
    return int(shown("MainPID")["MainPID"])


def picture() -> dict[str, Any]:
    until(lambda: ask("/livez"))
    jpeg = until(lambda: ask("/api/streams/door/frame?format=jpeg&width=640")) or b""
    return {"start": jpeg[:3].hex(), "bytes": len(jpeg)}


def of_process(pid: int) -> dict[str, Any]:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    wanted = ("NoNewPrivs", "Seccomp", "CapEff", "CapBnd", "Uid")
    return {name: status[name].split()[0] for name in wanted} | {"program": os.readlink(f"/proc/{pid}/exe")}


def streams() -> list[str]:
    return [stream["stream_id"] for stream in json.loads(ask("/api/streams"))["streams"]]


def used() -> dict[str, Any]:
    seen: dict[str, Any] = {"live": bool(until(lambda: ask("/livez")))}
    seen["state"] = shown("ActiveState", "StatusText", "Type", "NRestarts")
    seen["enabled"] = run("systemctl", "is-enabled", UNIT)["out"].strip()
    seen["user"] = pwd.getpwnam("fanlight").pw_uid
    seen["process"] = of_process(main_pid())
    seen["added"] = json.loads(ask("/api/streams", {"stream_id": "door", "rtsp_url": "demo:"}))
    seen["picture"] = picture()
    names = [
        os.readlink(f"/proc/{p}/exe") for p in os.listdir("/proc") if p.isdigit() and os.path.exists(f"/proc/{p}/exe")
    ]
    seen["ffmpegs"] = sorted({name for name in names if "ffmpeg" in name})
    seen["files"] = {str(path): oct(path.stat().st_mode) for path in (CAMERAS, CAMERAS.parent)}
    check = ["fanlight-server", "check", "--json", "--config", str(CONFIG)]
    seen["check"] = run("runuser", "-u", "fanlight", "--", *check)
    seen["security"] = run("systemd-analyze", "security", UNIT, "--no-pager")["out"].splitlines()[-1]
    return seen


def reloaded() -> dict[str, Any]:
    seen: dict[str, Any] = {"pid": main_pid(), "before": status_of("/livez", "cameras.example")}
    good = CONFIG.read_text()
    CONFIG.write_text(good + 'allow_host = ["cameras.example"]\n')
    seen["good"] = run("systemctl", "reload", UNIT)
    seen["after"] = until(lambda: status_of("/livez", "cameras.example") == 200)
    CONFIG.write_text(good + "prot = 1\n")
    seen["bad"] = run("systemctl", "reload", UNIT)
    seen["status"] = until(lambda: "prot" in shown("StatusText")["StatusText"])
    CONFIG.write_text(good)
    run("systemctl", "reload", UNIT)
    seen["still"] = main_pid() == seen["pid"]
    return seen


def hung() -> dict[str, Any]:
    """A server that stands still is started again."""
    folder = Path("/run/systemd/system/fanlight-server.service.d")
    folder.mkdir(parents=True)
    (folder / "soon.conf").write_text("[Service]\nWatchdogSec=2\n")
    run("systemctl", "daemon-reload")
    run("systemctl", "restart", UNIT)
    until(lambda: ask("/livez"))
    pid = main_pid()
    os.kill(pid, signal.SIGSTOP)
    again = until(lambda: main_pid() not in (0, pid) and ask("/livez"), within=30)
    seen = {"again": bool(again), "restarts": shown("NRestarts")["NRestarts"], "cameras": streams() if again else []}
    (folder / "soon.conf").unlink()
    folder.rmdir()
    run("systemctl", "daemon-reload")
    return seen


def drained() -> dict[str, Any]:
    """A drain longer than the unit's own patience for an end."""
    good = CONFIG.read_text()
    CONFIG.write_text(good + "drain = 17\n")
    run("systemctl", "restart", UNIT)
    until(lambda: ask("/livez"))
    started = time.monotonic()
    stopped = run("systemctl", "stop", UNIT)
    seen = {"stopped": stopped, "seconds": time.monotonic() - started, "result": shown("Result", "ActiveState")}
    CONFIG.write_text(good)
    return seen


def activated() -> dict[str, Any]:
    run("systemctl", "stop", UNIT)
    started = run("systemctl", "start", "fanlight-server.socket")
    before = shown("ActiveState")["ActiveState"]
    seen = {"started": started, "before": before, "cameras": streams(), "after": shown("ActiveState")["ActiveState"]}
    run("systemctl", "stop", "fanlight-server.socket", UNIT)
    run("systemctl", "start", UNIT)
    return seen


def upgraded(package: str) -> dict[str, Any]:
    """The same files as a later version."""
    run("dpkg-deb", "-R", package, "/tmp/newer")
    control = Path("/tmp/newer/DEBIAN/control")
    control.write_text(re.sub(r"^Version: .*", "Version: 99.0", control.read_text(), flags=re.MULTILINE))
    run("dpkg-deb", "-Znone", "-b", "/tmp/newer", "/tmp/newer.deb")
    until(lambda: ask("/livez"))
    pid = main_pid()
    seen: dict[str, Any] = {"installed": run("dpkg", "-i", "/tmp/newer.deb")}
    seen["another"] = bool(until(lambda: main_pid() not in (0, pid)))
    seen["picture"] = picture()
    seen["cameras"] = streams()
    seen["version"] = run("dpkg-query", "-W", "-f", "${Version}", "fanlight-server")["out"]
    return seen


def left() -> list[str]:
    """Files of ours in the layer that takes every change."""
    found = []
    for path in Path("/upper").rglob("*fanlight*"):
        name = path.relative_to("/upper").as_posix()
        if not name.startswith(BOOKS) and not path.is_char_device():
            found.append(name)
    return sorted(found)


def user_exists() -> bool:
    try:
        pwd.getpwnam("fanlight")
    except KeyError:
        return False
    return True


def main(package: str) -> dict[str, Any]:
    seen: dict[str, Any] = {"installed": run("dpkg", "-i", package)}
    try:
        for part in (used, reloaded, hung, drained, activated):
            seen[part.__name__] = part()
        seen["upgraded"] = upgraded(package)
        seen["removed"] = run("dpkg", "-r", "fanlight-server") | {
            "kept": [str(path) for path in (CAMERAS, CONFIG) if path.exists()],
            "active": shown("ActiveState")["ActiveState"],
        }
        purged = run("dpkg", "-P", "fanlight-server")
        seen["purged"] = purged | {"left": left(), "user": user_exists()}
    except Exception as error:
        seen["failure"] = repr(error) + run("systemctl", "status", UNIT, "--no-pager", "--lines=50")["said"]
    seen["log"] = run("journalctl", "-u", UNIT, "--no-pager")["said"][-4000:]
    return seen


if __name__ == "__main__":
    result = main(sys.argv[1])
    Path("/out/seen.json").write_text(json.dumps(result))

"""Other servers, for those who have their binaries: each with the least configuration that its manual gives."""

import json
import os
import subprocess
import tempfile
import urllib.error
import urllib.request
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from hosts import Host, Parts, Size
from rig.camera import Cameras, free_port
from rig.processes import family
from rig.waiting import eventually


class Peer(Host):
    """One process of a binary that is given by its path."""

    def __init__(self, binary: str) -> None:
        super().__init__()
        self.binary, self.api, self.rtsp = binary, free_port(), free_port()
        self.pid = 0

    def command(self, home: Path) -> list[str]:
        """How it is started; `home` is an empty folder for its configuration."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    def start(self, stack: ExitStack) -> None:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-peer-")))
        command = self.command(home)
        log = stack.enter_context((home / "log").open("wb"))
        process = subprocess.Popen(
            command, cwd=home, stdout=log, stderr=subprocess.STDOUT, env=self.environment(), start_new_session=True
        )
        stack.callback(_end, process)
        self.pid = process.pid

        def serves() -> bool:
            said = (home / "log").read_text(errors="replace")
            assert process.poll() is None, f"{Path(self.binary).name} ended: {said[-300:]}"
            return self.answers()

        eventually(serves, within=10)

    def answers(self) -> bool:
        """Whether anything is heard from its API, an error included."""
        try:
            self.ask("GET", "/")
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> bytes:
        """What it answers; an error is raised."""
        url = f"http://127.0.0.1:{self.api}{path}"
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return bytes(answer.read())

    def source(self, site: Cameras, camera: int, size: Size) -> dict[str, Any]:
        return {"url": f"rtsp://127.0.0.1:{self.rtsp}/cam{camera}", "size": size}

    def parts(self) -> Parts:
        return {"server": family(self.pid)}


class Go2rtc(Peer):
    """go2rtc; it opens a camera for its first reader. https://github.com/AlexxIT/go2rtc"""

    def command(self, home: Path) -> list[str]:
        config = home / "go2rtc.yaml"
        config.write_text(
            f'api:\n  listen: "127.0.0.1:{self.api}"\nrtsp:\n  listen: "127.0.0.1:{self.rtsp}"\n'
            'webrtc:\n  listen: ""\nsrtp:\n  listen: ""\nlog:\n  level: warn\n'
        )
        return [self.binary, "-config", str(config)]

    def add(self, site: Cameras, camera: int, size: Size) -> None:
        self.ask("PUT", "/api/streams?" + urlencode({"name": f"cam{camera}", "src": site.url(camera)}))


class MediaMtx(Peer):
    """MediaMTX; it keeps every camera open. https://github.com/bluenviron/mediamtx"""

    def command(self, home: Path) -> list[str]:
        config = home / "mediamtx.yml"
        config.write_text(
            f"logLevel: warn\napi: yes\napiAddress: 127.0.0.1:{self.api}\n"
            f"rtspAddress: 127.0.0.1:{self.rtsp}\nrtspTransports: [tcp]\n"
            "rtmp: no\nhls: no\nwebrtc: no\nsrt: no\npaths: {}\n"
        )
        return [self.binary, str(config)]

    def add(self, site: Cameras, camera: int, size: Size) -> None:
        path = f"/v3/config/paths/add/cam{camera}"
        self.ask("POST", path, {"source": site.url(camera), "rtspTransport": "tcp", "sourceOnDemand": False})

    def settle(self, cameras: int) -> None:
        for camera in range(cameras):
            eventually(partial(self.delivers, camera), within=10)

    def delivers(self, camera: int) -> bool:
        """Whether it has the camera's stream."""
        return bool(json.loads(self.ask("GET", f"/v3/paths/get/cam{camera}"))["ready"])


class OldServer(Peer):
    """The Go server whose API Fanlight keeps: streams of one size, read by WebSocket."""

    def command(self, home: Path) -> list[str]:
        return [self.binary]

    def environment(self) -> dict[str, str]:
        return os.environ | {"PORT": str(self.api), "LOG_LEVEL": "warn"}

    def add(self, site: Cameras, camera: int, size: Size) -> None:
        stream = {"stream_id": f"cam{camera}", "rtsp_url": site.url(camera), "width": size[0], "height": size[1]}
        self.ask("POST", "/api/streams", stream)

    def source(self, site: Cameras, camera: int, size: Size) -> dict[str, Any]:
        return {"host": "127.0.0.1", "port": self.api, "path": f"/ws/cam{camera}", "size": size}


class OldServerFrames(OldServer):
    """The same server, whose readers poll GET /frame."""

    def source(self, site: Cameras, camera: int, size: Size) -> dict[str, Any]:
        path = f"/api/streams/cam{camera}/frame"
        return {"host": "127.0.0.1", "port": self.api, "path": path, "size": size}


def _end(process: subprocess.Popen[bytes]) -> None:
    started = family(process.pid)
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in started[1:]:
        if child.is_running():
            child.kill()

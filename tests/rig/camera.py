"""Simulated cameras as a test sees them: their URLs, who is connected to them, and how they fail."""

import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from rig.clip import Clip
from rig.code_blocks import Schedule
from rig.waiting import eventually

#: The system's Python: the one that has GStreamer's bindings.
PYTHON = "/usr/bin/python3"
CAMSIM = Path(__file__).with_name("camsim")


@dataclass(frozen=True)
class Model:
    """One kind of camera: its path, its tracks and what is odd about it (camsim/media.py)."""

    clip: Clip
    path: str
    tracks: tuple[str, ...] = ("video",)
    parameter_sets: str = "both"
    tcp_only: bool = False
    #: What it sends on its "other" track, or once it is told to.
    other: Clip | None = None

    def told(self) -> dict[str, object]:
        """As the simulator wants it."""
        clips = [self.clip, *([self.other] if self.other else [])]
        return {
            "path": self.path,
            "clips": [{"path": str(c.path()), "codec": c.codec, "size": c.size, "fps": c.fps} for c in clips],
            "options": {
                "tracks": self.tracks,
                "parameter_sets": self.parameter_sets,
                "tcp_only": self.tcp_only,
            },
        }


@dataclass(frozen=True)
class Connections:
    """Clients of a camera: connected now, the most at one time, and all there ever were."""

    open: int
    most: int
    ever: int


class Cameras:
    """One simulator process with cameras numbered from 0: `models`, or else `cameras` that send the same clip."""

    def __init__(
        self,
        clip: Clip | None = None,
        cameras: int = 1,
        *,
        models: Sequence[Model] = (),
        user: str | None = None,
        password: str = "",
        auth: str = "digest",
        audio: bool = False,
        certificate: Path | None = None,
        addresses: Sequence[str] = ("127.0.0.1", "::1"),
        port: int | None = None,
    ) -> None:
        tracks = ("video", "audio") if audio else ("video",)
        self.models = models or [Model(clip or Clip(), f"cam{i}", tracks) for i in range(cameras)]
        self.clip = self.models[0].clip
        self.port = port or free_port()
        self.user, self.password = user, password
        self.t0 = time.time()
        # It goes by stdin: tests look for the password on every command line.
        self._site = {
            "addresses": addresses,
            "port": self.port,
            "t0": self.t0,
            "user": user,
            "password": password,
            "auth": auth,
            "tls": str(certificate) if certificate else None,
            "cameras": [model.told() for model in self.models],
        }
        self._scheme = "rtsps" if certificate else "rtsp"
        self._log = Path(tempfile.mkstemp(prefix="rig-camera-", suffix=".log")[1])
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Cameras":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._log.unlink(missing_ok=True)

    @property
    def schedule(self) -> Schedule:
        """When each frame was sent."""
        return Schedule(self.t0, self.clip.fps, self.clip.frames)

    def url(
        self,
        camera: int = 0,
        *,
        path: str | None = None,
        password: str | None = None,
        address: str = "127.0.0.1",
        port: int | None = None,
    ) -> str:
        """A camera's URL, with the right user and password unless another password is given."""
        login = ""
        if self.user is not None:
            login = f"{quote(self.user, safe='')}:{quote(password or self.password, safe='')}@"
        path = path or self.models[camera].path
        return f"{self._scheme}://{login}{address}:{port or self.port}/{path}"

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [PYTHON, str(CAMSIM)], stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT
            )
        started = self._process
        self._tell(self._site)

        def ready() -> bool:
            assert started.poll() is None, f"the camera simulator ended: {self._log.read_text()}"
            return any(e["ev"] == "ready" for e in self.events())

        eventually(ready, within=10)

    def kill(self) -> None:
        """Power off: every connection breaks at once."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None
            with self._log.open("a") as log:
                log.write('{"ev": "killed"}\n')

    def restart(self) -> None:
        """Power off and on: the same address and the same time line."""
        self.kill()
        self.start()

    def freeze(self) -> None:
        """Keep all connections and send no more frames."""
        self._do("stall", stall=True)

    def thaw(self) -> None:
        """End a freeze."""
        self._do("stall", stall=False)

    def play(self, clip: int, camera: int = 0) -> None:
        """Go on with the model's other clip (1), or with its first again (0), in the same session."""
        self._do("clip", clip=clip, camera=camera)

    def connections(self, camera: int = 0) -> Connections:
        """Who asked for this camera, since the simulator was last started."""
        name = self.models[camera].path.split("?")[0].split("/")[0]
        asked: dict[int, bool] = {}  # client -> still there
        most = ever = 0
        for event in self.events():
            client = event.get("client")
            if event["ev"] == "describe" and event["cam"] == name and not asked.get(client):
                asked[client] = True
                ever += 1
            elif event["ev"] == "closed" and client in asked:
                asked[client] = False
            most = max(most, sum(asked.values()))
        return Connections(sum(asked.values()), most, ever)

    def events(self) -> list[dict]:
        """Everything the simulator told since it was last started."""
        return self._lives()[-1]

    def _tell(self, what: dict[str, object]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what).encode() + b"\n")
        self._process.stdin.flush()

    def _do(self, event: str, **command: object) -> None:
        """Give a command, and wait until it is done."""

        def done() -> int:
            return sum(e["ev"] == event for e in self.events())

        before = done()
        self._tell(command)
        eventually(lambda: done() > before)

    def _lives(self) -> list[list[dict]]:
        """The log's events, one list for each time the simulator ran."""
        lives: list[list[dict]] = [[]]
        for line in self._log.read_text().splitlines():
            if line.startswith("{") and line.endswith("}"):
                event = json.loads(line)
                if event["ev"] == "killed":
                    lives.append([])
                else:
                    lives[-1].append(event)
        return lives


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])

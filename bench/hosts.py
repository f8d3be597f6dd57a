"""What stands between cameras and readers: nothing, or a server. Each lives for one measurement."""

from abc import ABC, abstractmethod
from contextlib import ExitStack
from typing import Any

import psutil

from rig.camera import Cameras
from rig.server import Server

Size = tuple[int, int]
#: Processes whose cost counts, by the part they play.
Parts = dict[str, list[psutil.Process]]


class Host(ABC):
    """A context manager; leaving it ends whatever it started."""

    #: Whether it is a server, which has a cost of its own when nobody reads.
    serves = True

    def __init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> "Host":
        with ExitStack() as stack:
            self.start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @abstractmethod
    def start(self, stack: ExitStack) -> None:
        """Start, and leave on the stack what ends it."""

    @abstractmethod
    def add(self, site: Cameras, camera: int, size: Size) -> None:
        """Take up a camera, which will be read at this size."""

    def settle(self, cameras: int) -> None:  # noqa: B027, most have nothing to wait for
        """Wait until so many cameras deliver, where that does not take a reader."""

    @abstractmethod
    def source(self, site: Cameras, camera: int, size: Size) -> dict[str, Any]:
        """What a reader's way of reading (sources.py) has to know."""

    def parts(self) -> Parts:
        """All processes that are its own."""
        return {}

    def ffmpegs(self) -> int:
        """How many FFmpeg processes run for it."""
        return sum("ffmpeg" in process.name() for processes in self.parts().values() for process in processes)


class Direct(Host):
    """No server: each reader opens the camera itself."""

    serves = False

    def start(self, stack: ExitStack) -> None:
        """Nothing to start."""

    def add(self, site: Cameras, camera: int, size: Size) -> None:
        """Nothing to tell."""

    def source(self, site: Cameras, camera: int, size: Size) -> dict[str, Any]:
        return {"url": site.url(camera), "size": size}


class Fanlight(Host):
    """The server that is built from this repository."""

    def start(self, stack: ExitStack) -> None:
        self.server = stack.enter_context(Server(env={"LOG_LEVEL": "warn"}))

    def add(self, site: Cameras, camera: int, size: Size) -> None:
        self.server.add(f"cam{camera}", site.url(camera), width=size[0], height=size[1])

    def settle(self, cameras: int) -> None:
        for camera in range(cameras):
            self.server.wait_online(f"cam{camera}", within=10)

    def source(self, site: Cameras, camera: int, size: Size) -> dict[str, Any]:
        return {"host": "127.0.0.1", "port": self.server.port, "stream": f"cam{camera}", "size": size}

    def parts(self) -> Parts:
        return {"server": [psutil.Process(self.server.pid)], "ffmpeg": self.server.ffmpegs()}

    def ffmpegs(self) -> int:
        return len(self.server.ffmpegs())


class Running(Fanlight):
    """One that runs already and knows its cameras; it goes on afterwards."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.server = server

    def start(self, stack: ExitStack) -> None:
        """It has been started."""

    def add(self, site: Cameras, camera: int, size: Size) -> None:
        """It has them all."""

    def settle(self, cameras: int) -> None:
        """Where another instance has a camera open, it is connected for a reader only."""


class FanlightWebSocket(Fanlight):
    """The same server, whose frames are pushed through a WebSocket."""

    def source(self, site: Cameras, camera: int, size: Size) -> dict[str, Any]:
        path = f"/ws/cam{camera}?format=bgr24&width={size[0]}&height={size[1]}"
        return {"host": "127.0.0.1", "port": self.server.port, "path": path, "size": size}

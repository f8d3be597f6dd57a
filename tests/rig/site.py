"""A site: cameras and the server that is to serve them."""

from dataclasses import dataclass
from typing import Any

from rig.camera import Cameras
from rig.server import Server


@dataclass
class Site:
    """Cameras, and a server that knows none of them yet."""

    cameras: Cameras
    server: Server

    def add(self, stream_id: str = "cam", camera: int = 0, **more: Any) -> dict[str, Any]:
        """Start a stream of a camera and wait until its camera is known; the stream."""
        self.server.add(stream_id, self.cameras.url(camera), **more)
        return self.server.wait_online(stream_id)

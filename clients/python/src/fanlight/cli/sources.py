"""What a command reads: a stream by its id, or a camera by its URL."""

from __future__ import annotations

import time
from dataclasses import dataclass

from fanlight.client import RTSPStreamClient
from fanlight.server import Server

#: How long a camera may take to tell its size, in seconds.
_TELLS_SIZE = 10.0


@dataclass(frozen=True)
class Wanted:
    """How to read it; None is as the camera sends it."""

    width: int | None = None
    height: int | None = None
    fps: float | None = None


def opened(server: Server, source: str, wanted: Wanted) -> RTSPStreamClient:
    """A reader of it, at the camera's own size unless another is wanted; starts a camera that is missing.

    Raises what starting it, or looking for it, raises.
    """
    stream_id = str(server.add(None, source)["stream_id"]) if ":" in source else source
    size = (wanted.width, wanted.height)
    if size == (None, None):
        size = _native(server, stream_id)
    return server.client(stream_id, size=size, fps=wanted.fps)


def _native(server: Server, stream_id: str) -> tuple[int | None, int | None]:
    """The camera's own size, once it is known; the stream's when it is not in time."""
    deadline = time.monotonic() + _TELLS_SIZE
    while time.monotonic() < deadline:
        stream = server.stream(stream_id)
        video = stream.get("video") or {}
        if video.get("width") and video.get("height"):
            return int(video["width"]), int(video["height"])
        if (stream.get("status") or {}).get("state") in ("auth_failed", "error", "stopped"):
            break
        time.sleep(0.1)
    return None, None

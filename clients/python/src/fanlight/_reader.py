"""What the blocking and the asyncio client have in common: whom they read, how, and what came last."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from fanlight import _environment, _pixels, _protocol
from fanlight._pixels import Pixels
from fanlight._protocol import Address, Request
from fanlight._reading import Reading
from fanlight.errors import FanlightError, InvalidRequest, NoFrame

#: Picture files by the ending of their name.
_FORMATS = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".webp": "webp"}
#: The slowest and the fastest rate the server knows, in frames a second.
_SLOWEST, _FASTEST = 0.01, 1000.0


class StreamReader:
    """One reader of one stream: its wishes, and the last frame's particulars."""

    def __init__(
        self,
        server_url: str | None,
        stream_id: str,
        *,
        size: tuple[int | None, int | None],
        fps: float | None,
        pixels: Pixels,
        timeout: float,
    ) -> None:
        """Note what is wanted; nothing is sent."""
        self._address = Address.parse(server_url or _environment.server_url())
        self._reading = Reading(stream_id)
        #: Bounds every call but those that wait for frames, in seconds.
        self.timeout = timeout
        self.size, self.fps, self.pixels = size, fps, pixels

    # What is wanted

    @property
    def stream_id(self) -> str:
        """The stream that is read."""
        return self._reading.stream_id

    @stream_id.setter
    def stream_id(self, value: str) -> None:
        self._reading.stream_id = value

    @property
    def size(self) -> tuple[int | None, int | None]:
        """Width and height that frames are asked at, in pixels; the server scales.

        With one of them None the other follows the camera's shape; with both the stream chooses.
        """
        return self._reading.size

    @size.setter
    def size(self, value: tuple[int | None, int | None]) -> None:
        self._reading.size = value

    @property
    def fps(self) -> float | None:
        """The most frames a second to read (0.01 to 1000); None for every one."""
        return self._reading.fps

    @fps.setter
    def fps(self, value: float | None) -> None:
        if value is not None and not _SLOWEST <= value <= _FASTEST:
            raise InvalidRequest(f"fps must be {_SLOWEST} to {_FASTEST:.0f} frames a second, not {value}.")
        self._reading.fps = value

    @property
    def pixels(self) -> Pixels:
        """How frames are laid out: `bgr` as OpenCV has them, `rgb`, or `gray` (height, width)."""
        return self._reading.pixels

    @pixels.setter
    def pixels(self, value: Pixels) -> None:
        self._reading.pixels = _pixels.check(value)

    # What came last

    @property
    def last_sequence(self) -> int | None:
        """Number of the last frame in its stream; None before the first."""
        return self._reading.last.sequence if self._reading.last else None

    @property
    def last_captured_at(self) -> float | None:
        """When the last frame was captured, in seconds of unix time; None before the first."""
        return self._reading.last.captured_at if self._reading.last else None

    @property
    def last_gap(self) -> int:
        """Frames that were missed right before the last one."""
        return self._reading.last.gap if self._reading.last else 0

    @property
    def age(self) -> float | None:
        """Seconds since the last frame was captured; None before the first."""
        return time.time() - self._reading.last.captured_at if self._reading.last else None

    @property
    def _since_last(self) -> float | None:
        """Seconds since the last frame came, whatever its capture time says."""
        came_at = self._reading.last_came_at
        return None if came_at is None else time.monotonic() - came_at

    @property
    def last_error(self) -> FanlightError | None:
        """Why there was no frame; None when the camera just had no new one, or all is well."""
        return self._reading.last_error

    # Words that both clients use

    def _start_request(self, rtsp_url: str, width: int | None, height: int | None, more: Any) -> Request:
        return _protocol.start(self.stream_id, rtsp_url, width=width, height=height, **more)

    def _started(self, request: Request, told: dict[str, Any]) -> None:
        """Remember how the stream was started, to start it again when the server lost it."""
        self.stream_id = str(told.get("stream_id") or self.stream_id)
        self._reading.start = request

    def _snapshot_request(
        self, path: str | Path | None, format: str | None, quality: int | None, timeout: float
    ) -> Request:
        if format is None:
            ending = Path(path).suffix.lower() if path is not None else ".jpg"
            format = _FORMATS.get(ending)
            if format is None:
                raise InvalidRequest(f"{path} must end in .jpg, .png or .webp, or a format be given.")
        width, height = self.size
        return _protocol.snapshot(
            self.stream_id,
            format=format,
            width=width,
            height=height,
            quality=quality,
            wait_ms=int(1000 * timeout),
        )

    def _no_frame(self, timeout: float) -> FanlightError:
        """Why an iteration ends: the reason there is, else that nothing came."""
        return self.last_error or NoFrame(f"{self.stream_id} gave no new frame in {timeout:g} s.")

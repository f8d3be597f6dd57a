"""One camera behind the server, with the properties that OpenCV asks for.

Lives here: finding and starting its stream, reading it at the size that was set, what each property
of OpenCV means for it. OpenCV's way of calling is the capture's.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from fanlight._protocol import Array, camera_fault
from fanlight.client import RTSPStreamClient
from fanlight.errors import ConsumerKicked, FanlightError, StreamNotFound
from fanlight.frame import Frame

#: A frame that came so few seconds ago proves that the camera is there; later the server is asked.
_PROOF_OF_LIFE = 1.0
#: How long isOpened() may wait for that answer, in seconds.
_ANSWER = 1.0
#: Seconds between looks at a stream that is connecting to its camera.
_POLL = 0.05
#: A rate beyond any camera's, in frames a second: measured over too short a time.
_FASTEST = 240.0
#: States that waiting a few seconds does not mend.
_FAILED = ("auth_failed", "error", "stopped")

# OpenCV's numbers, so that cv2 need not be there.
POS_MSEC, POS_FRAMES, WIDTH, HEIGHT, FPS, FOURCC, CONVERT_RGB = 0, 1, 3, 4, 5, 6, 16
BUFFERSIZE, BITRATE, OPEN_TIMEOUT, READ_TIMEOUT = 38, 47, 53, 54
_FOURCCS = {"h264": b"h264", "h265": b"hevc", "mjpeg": b"MJPG"}

_log = logging.getLogger("fanlight")


class Camera:
    """A camera as VideoCapture needs it: by its URL, or by the id of a stream that the server has."""

    def __init__(self, server: str, *, url: str | None = None, stream_id: str | None = None) -> None:
        """Name it; nothing is sent yet."""
        self.client: RTSPStreamClient | None = None
        self.error: FanlightError | None = None
        self.grabbed: Frame | None = None
        self._server, self._url = server, url
        if stream_id is not None:
            self.client = RTSPStreamClient(server, stream_id)
        self._open_timeout = self._read_timeout = 5.0
        self._video: dict[str, Any] = {}
        self._asked: tuple[int | None, int | None] = (None, None)
        self._fps: float | None = None
        self._first_captured: float | None = None
        #: Frames of the camera from the first one read to the last, those that were missed too.
        self._position = 0
        self._alive = self._is_closed = False

    @property
    def read_timeout(self) -> float:
        """How long a read may take, in seconds."""
        return self._read_timeout

    def open(self) -> bool:
        """Wait until the camera's size is known, or it is clear that it will not be."""
        self._alive = self._find(time.monotonic() + self._open_timeout, patient=False)
        if not self._alive and self.error is not None:
            _log.warning("VideoCapture: %s", self.error)
        return self._alive

    def is_open(self) -> bool:
        """Whether frames can be expected now."""
        client = self.client
        if client is None or isinstance(self.error, ConsumerKicked):
            return False
        since_last = client._since_last
        if self._alive and since_last is not None and since_last < _PROOF_OF_LIFE:
            return True
        client.timeout = _ANSWER
        try:
            stream = client.get_stream()
        except FanlightError as error:
            self.error = error
            return False
        return _state(stream) == "online" or _sleeps(stream)

    def grab(self, into: Array | None = None, *, view: bool = False) -> Frame | None:
        """The newest frame after the last one; None when there is none within the read timeout."""
        deadline = time.monotonic() + self._read_timeout
        self.grabbed = None
        if isinstance(self.error, ConsumerKicked):
            return None
        if self._alive or self._find(deadline, patient=True):
            assert self.client is not None
            self.prepare(self.client)
            try:
                frame = self.client.get_frame(deadline - time.monotonic(), into, view=view)
                self.error = self.client.last_error
            except FanlightError as error:
                frame, self.error = None, error
            self.take(frame)
            if self._is_closed:
                self.close()
        return self.grabbed

    def prepare(self, client: RTSPStreamClient) -> None:
        """Let the client read as it was set."""
        client.size, client.fps = self._size(), self._fps

    def take(self, frame: Frame | None) -> None:
        """Note what came of reading."""
        self.grabbed, self._alive = frame, frame is not None
        if frame is not None:
            first = self._first_captured is None
            self._position += 1 if first else 1 + frame.gap
            if first:
                self._first_captured = frame.captured_at

    def get(self, prop: int) -> float:
        """A property by OpenCV's number; 0 for what a network camera does not have."""
        if prop in (WIDTH, HEIGHT):
            return float(self._size()[prop == HEIGHT] or 0)
        if prop == FPS:
            return self._rate()
        if prop == BITRATE:
            self._ask()  # what was measured while the camera was opened says nothing
        if prop == POS_MSEC:
            return 1000 * self._seconds()
        fixed = {
            POS_FRAMES: self._position,
            FOURCC: int.from_bytes(_FOURCCS.get(str(self._video.get("codec")), b""), "little"),
            CONVERT_RGB: 1,
            BUFFERSIZE: 1,
            BITRATE: self._video.get("bitrate_kbps") or 0,
            OPEN_TIMEOUT: 1000 * self._open_timeout,
            READ_TIMEOUT: 1000 * self._read_timeout,
        }
        return float(fixed.get(prop, 0))

    def set(self, prop: int, value: float) -> bool:
        """Set a property by OpenCV's number; whether that does anything."""
        if prop in (WIDTH, HEIGHT) and value >= 1:
            width, height = self._asked
            self._asked = (int(value), height) if prop == WIDTH else (width, int(value))
            return True
        if prop == FPS and 0.01 <= value <= 1000:
            self._fps = float(value)
            return True
        if prop == OPEN_TIMEOUT and value > 0:
            self._open_timeout = value / 1000
            return True
        if prop == READ_TIMEOUT and value > 0:
            self._read_timeout = value / 1000
            return True
        # These are as asked for, whatever they are set to: frames are never queued, and always BGR.
        return (prop == BUFFERSIZE and value >= 1) or (prop == CONVERT_RGB and value == 1)

    def close(self) -> None:
        """Stop reading, also where another thread waits for a frame."""
        self._is_closed = True
        if self.client is not None:
            self.client.close()

    def _find(self, deadline: float, *, patient: bool) -> bool:
        """Start the stream if it is missing and learn the camera's size.

        With patience, what looks hopeless is tried again until the deadline.
        """
        while True:
            left = deadline - time.monotonic()
            if left < _POLL:
                return False
            hopeless = False
            try:
                if self.client is None:
                    self.client = RTSPStreamClient.for_url(self._server, self._url or "", timeout=left)
                self.client.timeout = left
                stream = self.client.get_stream()
                self.error = camera_fault(stream)
                self._video = stream.get("video") or {}
                sleeps = _sleeps(stream)
                if self._video and (sleeps or _state(stream) == "online"):
                    return True
                if sleeps:
                    # It connects at its first reader; what it sends is known with the first frame.
                    self.client.get_frame(deadline - time.monotonic())
                    continue
                hopeless = _state(stream) in _FAILED
            except StreamNotFound as error:
                self.error, hopeless = error, self._url is None
                if self._url is not None:
                    self.client = None
            except FanlightError as error:
                self.error, hopeless = error, True
            if hopeless and not patient:
                return False
            time.sleep(_POLL)

    def _size(self) -> tuple[int | None, int | None]:
        """What frames are asked at: the size set, completed from the camera's aspect ratio, or its own."""
        width, height = self._asked
        native = (self._video.get("width"), self._video.get("height"))
        if (width is None and height is None) or not (native[0] and native[1]):
            return native if self._asked == (None, None) else self._asked
        if width is None and height is not None:
            width = round(height * native[0] / native[1] / 2) * 2
        if height is None and width is not None:
            height = round(width * native[1] / native[0] / 2) * 2
        return width, height

    def _seconds(self) -> float:
        """Seconds from the first frame read to the last, by their capture times."""
        if self._first_captured is None or self.client is None:
            return 0.0
        return (self.client.last_captured_at or self._first_captured) - self._first_captured

    def _rate(self) -> float:
        """Frames a second: the camera's, or what was measured, and at most what was asked for."""
        (told, is_sure), deadline = self._told_rate(), time.monotonic() + _ANSWER
        while not is_sure and self._alive and time.monotonic() < deadline:
            # Right after connecting the server has measured over a moment, or not at all.
            time.sleep(_POLL)
            told, is_sure = self._told_rate()
        seconds = self._seconds()
        rate = told or ((self._position - 1) / seconds if seconds > 0 else 0.0)
        return rate if self._fps is None else min(rate or self._fps, self._fps)

    def _told_rate(self) -> tuple[float, bool]:
        """What the server says now, 0 when it does not know; and whether it saw a second's frames."""
        stream = self._ask()
        rate = float(self._video.get("fps") or 0.0)
        if stream is None:
            return rate, True
        if rate > _FASTEST:
            return 0.0, False
        return rate, bool(rate) and int(stream.get("frame_count") or 0) >= rate

    def _ask(self) -> dict[str, Any] | None:
        """The stream as the server tells it now; None when it does not."""
        if self.client is None:
            return None
        self.client.timeout = _ANSWER
        try:
            stream = self.client.get_stream()
        except FanlightError:
            return None
        self._video = stream.get("video") or self._video
        return stream


def _state(stream: dict[str, Any]) -> str | None:
    return (stream.get("status") or {}).get("state")


def _sleeps(stream: dict[str, Any]) -> bool:
    """Whether the camera is asleep until somebody reads it: stopped, and yet running."""
    on_demand = stream.get("mode") == "on_demand" and bool(stream.get("is_running"))
    return on_demand and _state(stream) == "stopped"

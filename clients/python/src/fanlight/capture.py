"""VideoCapture: what cv2.VideoCapture does, with network cameras read through the server.

Lives here: which sources go to the server, and OpenCV's way of asking for frames and properties. What
a camera answers to them is the camera's; how frames are fetched is the client's work.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any, NoReturn, Union

import numpy as np

from fanlight import _environment
from fanlight._camera import Camera
from fanlight._driving import arrivals
from fanlight._protocol import Array, masked
from fanlight.errors import FanlightError
from fanlight.server import Server

#: Sources that are cameras by their looks.
_CAMERA = re.compile(r"(rtsps?://|demo:|replay:)", re.IGNORECASE)
#: Names a stream of the server by its id, whatever else has that name.
_BY_ID = "fanlight:"
_STREAM_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_URL = re.compile(r"(https?|rtmp)://", re.IGNORECASE)
#: How long the server may take to tell whether it knows a source, in seconds.
_LOOK_UP = 1.0

#: What cv2 takes as a source: a URL, a file name, or the number of a device.
Source = Union[str, int]


class VideoCapture:
    """A drop-in for cv2.VideoCapture.

    Read through the Fanlight server (at FANLIGHT_URL, else http://127.0.0.1:8080), which opens each
    camera once for all its readers: sources that begin with `rtsp://`, `rtsps://`, `demo:` or
    `replay:`; `fanlight:ID`, a stream by its id; and an id, or an `http://`, `https://` or `rtmp://`
    URL, that the server has a stream of. Any other source goes to cv2, whatever `apiPreference` says.

    Frames of a camera come at its native size, unless width or height were set. What differs from cv2:
    a camera's newest frame is returned, not the oldest unread one; a dead camera is told within the
    read timeout (5 s), and is read again when it is back.
    """

    def __init__(
        self,
        source: Any = None,
        apiPreference: int = 0,
        params: Sequence[int] | None = None,
        *,
        filename: str | None = None,
        index: int | None = None,
    ) -> None:
        """Open the source if there is one; `isOpened()` tells whether that went well, as with cv2."""
        self._cv: Any = None
        self._camera: Camera | None = None
        self._throws = False
        for given in (source, filename, index):
            if given is not None:
                self.open(given, apiPreference, params)

    def open(
        self,
        source: Any = None,
        apiPreference: int = 0,
        params: Sequence[int] | None = None,
        *,
        filename: str | None = None,
        index: int | None = None,
    ) -> bool:
        """Open another source; returns whether frames can be expected of it."""
        source = next((given for given in (source, filename, index) if given is not None), source)
        self.release()
        camera = _camera(source)
        if camera is None:
            self._cv = _opencv()()
            self._cv.setExceptionMode(self._throws)
            return bool(self._cv.open(source, apiPreference, params or []))
        pairs = iter(params or ())
        for prop, value in zip(pairs, pairs):
            camera.set(prop, value)
        self._camera = camera
        return camera.open() or self._fails(f"could not open {masked(source)!r}: {camera.error}")

    def isOpened(self) -> bool:
        """Whether frames can be expected now: a camera that died is not open, until it is back."""
        camera, cv = self._camera, self._cv
        return camera.is_open() if camera is not None else cv is not None and bool(cv.isOpened())

    def read(self, image: Array | None = None, *, view: bool = False) -> tuple[bool, Array | None]:
        """The newest frame after the last one: (True, array (height, width, 3), uint8, BGR).

        (False, None) when there is none within the read timeout. Where `image` fits the frame, the
        pixels are read into it, and it is what is returned. With `view` the array is read-only where
        that saves a copy; see RTSPStreamClient.get_frame.
        """
        camera, cv = self._camera, self._cv
        if camera is not None:
            frame = camera.grab(image, view=view)
            camera.grabbed = None
            if frame is None:
                return self._fails(f"no frame: {camera.error or 'none in time'}"), None
            return True, _plain(frame, image)
        if cv is None:
            return self._fails("nothing is open"), None
        ok, pixels = cv.read(image)
        return ok, pixels

    def grab(self) -> bool:
        """Take the newest frame after the last one, for `retrieve` to return."""
        camera, cv = self._camera, self._cv
        if camera is not None:
            return camera.grab(view=True) is not None or self._fails(
                f"no frame: {camera.error or 'none in time'}"
            )
        return bool(cv.grab()) if cv is not None else self._fails("nothing is open")

    def retrieve(self, image: Array | None = None, flag: int = 0) -> tuple[bool, Array | None]:
        """A copy of the frame taken by the last `grab`; (False, None) without one."""
        camera, cv = self._camera, self._cv
        if camera is None:
            if cv is None:
                return self._fails("nothing is open"), None
            ok, pixels = cv.retrieve(image, flag)
            return ok, pixels
        grabbed = camera.grabbed
        if grabbed is None:
            return self._fails("nothing was grabbed"), None
        if image is None or image.shape != grabbed.shape or image.dtype != grabbed.dtype:
            return True, np.array(grabbed)
        np.copyto(image, grabbed)
        return True, image

    def get(self, propId: int) -> float:
        """A property by OpenCV's number; 0 for those a network camera does not have.

        Of a camera: CAP_PROP_FRAME_WIDTH, _HEIGHT, _FPS, _FOURCC, _BITRATE, _BUFFERSIZE (1:
        nothing is queued), _POS_MSEC (between the capture of the first frame read and of the last),
        _POS_FRAMES (frames since the first, those that were missed too), _OPEN_TIMEOUT_MSEC,
        _READ_TIMEOUT_MSEC.
        """
        if self._camera is not None:
            return self._camera.get(propId)
        return float(self._cv.get(propId)) if self._cv is not None else 0.0

    def set(self, propId: int, value: float) -> bool:
        """Set a property; returns whether that did anything.

        Of a camera: CAP_PROP_FRAME_WIDTH and _HEIGHT (the server scales; one alone keeps the aspect
        ratio), _FPS (at most so many frames a second), _OPEN_TIMEOUT_MSEC, _READ_TIMEOUT_MSEC, and
        _BUFFERSIZE, which has nothing to do.
        """
        if self._camera is not None:
            done = self._camera.set(propId, value)
        else:
            done = self._cv is not None and bool(self._cv.set(propId, value))
        return done or self._fails(f"could not set property {propId} to {value}")

    def release(self) -> None:
        """Stop reading. The camera goes on for others."""
        if self._camera is not None:
            self._camera.close()
        if self._cv is not None:
            self._cv.release()
        self._camera = self._cv = None

    def getBackendName(self) -> str:
        """FANLIGHT for cameras, the name of cv2's backend for the rest."""
        if self._camera is not None:
            return "FANLIGHT"
        return str(self._cv.getBackendName()) if self._cv is not None else ""

    def setExceptionMode(self, enable: bool) -> None:
        """Raise where False would be returned: cv2.error where OpenCV is there, always a FanlightError."""
        self._throws = bool(enable)
        if self._cv is not None:
            self._cv.setExceptionMode(self._throws)

    def getExceptionMode(self) -> bool:
        """Whether failures are raised."""
        return self._throws

    @staticmethod
    def waitAny(streams: Sequence[VideoCapture], timeoutNs: int = 0) -> tuple[bool, list[int]]:
        """Wait until one of several cameras has a new frame, and grab it, for `retrieve` to return.

        Returns (True, numbers of the captures that grabbed one), or (False, []) when there was none in
        `timeoutNs` nanoseconds. 0 waits for as long as their read timeouts allow, not for ever.
        """
        cameras = [stream._camera for stream in streams]
        if not any(cameras):
            ok, ready = _opencv().waitAny([stream._cv for stream in streams], timeoutNs)
            return bool(ok), list(ready)
        if not all(cameras):
            raise FanlightError("waitAny takes network cameras or other sources, not both at once.")
        return _wait_any([camera for camera in cameras if camera is not None], timeoutNs)

    @property
    def last_error(self) -> FanlightError | None:
        """Why a camera gave no frame; None when all is well, and for sources of cv2."""
        return self._camera.error if self._camera is not None else None

    @property
    def last_sequence(self) -> int | None:
        """Number of the last frame in its stream; None before the first, and for sources of cv2."""
        client = self._camera.client if self._camera is not None else None
        return client.last_sequence if client is not None else None

    @property
    def last_captured_at(self) -> float | None:
        """When the last frame was captured, in seconds of unix time; None as above."""
        client = self._camera.client if self._camera is not None else None
        return client.last_captured_at if client is not None else None

    def _fails(self, why: str) -> bool:
        """False, or what the exception mode makes of it."""
        if self._throws:
            _throw(why, self.last_error)
        return False


def _wait_any(cameras: Sequence[Camera], timeout_ns: int) -> tuple[bool, list[int]]:
    """The numbers of the cameras that got a frame first."""
    for camera in cameras:
        camera.grabbed = None
    timeout = timeout_ns / 1e9 if timeout_ns > 0 else max(camera.read_timeout for camera in cameras)
    readers = [(number, camera.client) for number, camera in enumerate(cameras) if camera.client is not None]
    for number, client in readers:
        cameras[number].prepare(client)
    waiting = arrivals([client for _, client in readers], timeout)
    for came in waiting:
        for which, frame in came:
            cameras[readers[which][0]].take(frame)
        return True, [readers[which][0] for which, _ in came]
    return False, []


def _camera(source: Any) -> Camera | None:
    """The camera that a source names; None for what is OpenCV's."""
    if not isinstance(source, str):
        return None
    server = _environment.server_url()
    if source.startswith(_BY_ID):
        return Camera(server, stream_id=source[len(_BY_ID) :])
    if _CAMERA.match(source):
        return Camera(server, url=source)
    is_id = bool(_STREAM_ID.fullmatch(source)) and not os.path.exists(source)
    if not is_id and not _URL.match(source):
        return None
    try:
        with Server(server, timeout=_LOOK_UP) as asked:
            streams = asked.streams()
    except FanlightError:
        return None
    if is_id:
        known = any(stream.get("stream_id") == source for stream in streams)
        return Camera(server, stream_id=source) if known else None
    known = any(stream.get("rtsp_url") == masked(source) for stream in streams)
    return Camera(server, url=source) if known else None


def _plain(frame: Array, image: Array | None) -> Array:
    """The caller's own array where the frame is in it; else a plain array, as cv2 returns one."""
    return image if image is not None and np.shares_memory(frame, image) else frame.view(np.ndarray)


def _opencv() -> Any:
    """OpenCV's own VideoCapture, also while ours stands in for it."""
    import cv2

    return getattr(cv2, "_VideoCapture_before_fanlight", cv2.VideoCapture)


def _throw(why: str, error: FanlightError | None) -> NoReturn:
    """Raise what code written for OpenCV catches, and code written for Fanlight too."""
    code, status = (error.code, error.status) if error is not None else (None, None)
    try:
        import cv2
    except ImportError:
        raise FanlightError(why, code=code, status=status) from error

    class CaptureFailed(FanlightError, cv2.error):  # type: ignore[misc]
        """What both kinds of code catch."""

    raise CaptureFailed(why, code=code, status=status) from error

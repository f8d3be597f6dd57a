"""The ways to read a camera, as they stand in a script. They run inside of a reader's process (reader.py).

Each imports what it needs and no more, so that the memory of its process is that of such a script.
"""

import http.client
import os
import socket
import struct
import time
from typing import Any, Protocol

import numpy as np

#: A picture, (height, width, 3) of uint8 in BGR.
Picture = np.ndarray[Any, np.dtype[np.uint8]]

#: How long a dead source is left alone before it is asked again, in seconds.
PAUSE = 0.02
TIMEOUT = 10.0


class Source(Protocol):
    """A camera as one way of reading sees it. Made first, so that imports cost no measured time."""

    def connect(self) -> None: ...

    def read(self) -> Picture | None:
        """The next picture, or None when there was none."""


class PythonClient:
    """Fanlight's Python client: by memory shared with the server, which is its way here, or over HTTP."""

    def __init__(
        self, host: str, port: int, stream: str, size: tuple[int, int], http: bool = False, view: bool = False
    ) -> None:
        if http:
            os.environ["FANLIGHT_SHARED_MEMORY"] = "0"
        from fanlight import RTSPStreamClient

        self._client = RTSPStreamClient(f"http://{host}:{port}", stream)
        self._client.size, self._view = size, view

    def connect(self) -> None:
        """It connects when it is read."""

    def read(self) -> Picture | None:
        return self._client.get_frame(1.0, view=self._view)


class WebSocket:
    """A WebSocket in its barest form: pixels are read straight into the array (RFC 6455)."""

    BINARY, CLOSE = 2, 8

    def __init__(self, host: str, port: int, path: str, size: tuple[int, int]) -> None:
        self._where, self._path, self._size = (host, port), path, size
        self._socket = socket.socket()

    def connect(self) -> None:
        host, port = self._where
        self._socket = socket.create_connection(self._where, TIMEOUT)
        self._socket.sendall(
            f"GET {self._path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self._exactly(1)
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise ConnectionError(head.split(b"\r\n")[0].decode())

    def read(self) -> Picture | None:
        width, height = self._size
        picture = np.empty((height, width, 3), np.uint8)
        pixels, filled = picture.data.cast("B"), 0
        while filled < len(pixels):
            opcode, length = self._header()
            if opcode == self.CLOSE:
                raise ConnectionError("the server closed the WebSocket")
            if opcode > self.CLOSE:  # a ping; nobody minds when it is not answered in so short a time
                self._exactly(length)
                continue
            self._fill(pixels[filled : filled + length])
            filled += length
        return picture

    def _header(self) -> tuple[int, int]:
        first, second = self._exactly(2)
        length = second & 127
        if length == 126:
            (length,) = struct.unpack(">H", self._exactly(2))
        elif length == 127:
            (length,) = struct.unpack(">Q", self._exactly(8))
        return first & 15, length

    def _exactly(self, count: int) -> bytes:
        data = bytearray(count)
        self._fill(memoryview(data))
        return bytes(data)

    def _fill(self, target: memoryview) -> None:
        filled = 0
        while filled < len(target):
            count = self._socket.recv_into(target[filled:])
            if not count:
                raise ConnectionError("the server closed the connection")
            filled += count


class FramePoll:
    """GET /frame again and again, with nothing but the core of the API that older servers have, too."""

    def __init__(self, host: str, port: int, path: str, size: tuple[int, int]) -> None:
        self._http = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
        self._path, self._size = path, size

    def connect(self) -> None:
        self._http.connect()

    def read(self) -> Picture | None:
        self._http.request("GET", self._path)
        answer = self._http.getresponse()
        if answer.status != 200:
            answer.read()
            time.sleep(PAUSE)
            return None
        width, height = self._size
        picture = np.empty((height, width, 3), np.uint8)
        pixels, filled = picture.data.cast("B"), 0
        while filled < len(pixels):
            count = answer.readinto(pixels[filled:])
            if not count:
                raise ConnectionError("the picture ended early")
            filled += count
        answer.read()
        return picture


class OpenCV:
    """cv2.VideoCapture with OpenCV's own FFmpeg; it decodes at the camera's size, and the script scales."""

    def __init__(self, url: str, size: tuple[int, int], options: str = "") -> None:
        if options:
            os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = options
        os.environ["OPENCV_FFMPEG_LOGLEVEL"] = "-8"  # joining between keyframes is no news
        import cv2

        self._cv2, self._url, self._size = cv2, url, size
        self._capture: Any = None

    def connect(self) -> None:
        while True:  # a server may need a moment until it has the camera
            self._capture = self._cv2.VideoCapture(self._url, self._cv2.CAP_FFMPEG)
            if self._capture.isOpened():
                return
            time.sleep(PAUSE)

    def read(self) -> Picture | None:
        ok, picture = self._capture.read()
        if not ok:
            time.sleep(PAUSE)
            return None
        if picture.shape[1::-1] != self._size:
            picture = self._cv2.resize(picture, self._size)
        return picture


WAYS = {way.__name__: way for way in (PythonClient, WebSocket, FramePoll, OpenCV)}

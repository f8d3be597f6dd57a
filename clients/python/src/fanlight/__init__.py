"""Fanlight: camera frames as numpy arrays, from the server that opens each camera once.

A frame's way: `client`, `aio` or `capture` asks for one; `_reading` says step by step what to ask for
and what the answers mean; `_protocol` words the requests and reads the answers; `_transport` (blocking)
or `_wire` (asyncio) carries them, and receives the pixels straight into the array that the caller gets.
"""

from fanlight._install import install, uninstall
from fanlight._pixels import Pixels
from fanlight._protocol import Array
from fanlight._version import __version__
from fanlight.aio import AsyncClient
from fanlight.capture import VideoCapture
from fanlight.client import RTSPStreamClient
from fanlight.errors import (
    AuthFailed,
    CameraFailed,
    CameraNotFound,
    CameraUnreachable,
    ConnectionFailed,
    ConsumerKicked,
    FanlightError,
    Forbidden,
    InvalidRequest,
    NoFrame,
    ProtocolError,
    QuotaExceeded,
    ServerFailed,
    StreamExists,
    StreamInUse,
    StreamNotFound,
    StreamNotRunning,
)
from fanlight.frame import Frame
from fanlight.server import Server
from fanlight.synchronised import read_synchronised, read_synchronised_async

__all__ = [
    "Array",
    "AsyncClient",
    "AuthFailed",
    "CameraFailed",
    "CameraNotFound",
    "CameraUnreachable",
    "ConnectionFailed",
    "ConsumerKicked",
    "FanlightError",
    "Forbidden",
    "Frame",
    "InvalidRequest",
    "NoFrame",
    "Pixels",
    "ProtocolError",
    "QuotaExceeded",
    "RTSPStreamClient",
    "Server",
    "ServerFailed",
    "StreamExists",
    "StreamInUse",
    "StreamNotFound",
    "StreamNotRunning",
    "VideoCapture",
    "__version__",
    "install",
    "read_synchronised",
    "read_synchronised_async",
    "uninstall",
]

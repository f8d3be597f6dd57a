"""What may be wrong, from this package to each camera, and what to do about it."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from fanlight import __version__, _environment
from fanlight.errors import ConnectionFailed, FanlightError, Forbidden
from fanlight.server import Server

#: What a person can do, by the code of a camera's error.
_WAYS_OUT = {
    "auth_failed": "Check its user name and password; remove it and add it with the right ones.",
    "camera_not_found": "Check the path in its URL; the camera's manual names it.",
    "camera_unreachable": "Check its address and port, its power and its cable.",
    "camera_timeout": "Check the network on the way to it; it answers too late or not at all.",
    "not_rtsp": "Check the port in its URL: what answers there is no RTSP camera.",
    "unsupported_codec": "Set the camera to H.264, H.265 or Motion JPEG.",
    "tls_failed": "Check its certificate, or accept the one it has: fanlight add --fingerprint",
    "stalled": "It is connected and sends nothing. Restart the camera if that stays so.",
    "ffmpeg_missing": "Install FFmpeg, or name one to the server with FANLIGHT_FFMPEG.",
    "decode_failed": "Its pictures are damaged. Lower its bit rate, or use a cable instead of radio.",
}


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    is_well: bool
    text: str
    way_out: str | None = None


def examine(server: Server) -> Iterator[Finding]:
    """Look at one thing after the other; what depends on a broken one is left out."""
    yield Finding(True, f"fanlight {__version__}, Python {platform.python_version()}, numpy {np.__version__}")
    yield _opencv()
    try:
        info = server.info()
    except FanlightError as error:
        yield Finding(False, str(error), _way_to_the_server(server, error))
        return
    yield Finding(True, f"the server at {server.url}: {info.get('name')} {info.get('version')}")
    if _minor(str(info.get("version"))) != _minor(__version__):
        yield Finding(
            False,
            f"the server is version {info.get('version')}, this package {__version__}",
            "They may not know the same things: bring the older one up to date.",
        )
    yield _ffmpeg(info)
    if info.get("notice"):
        yield Finding(False, str(info["notice"]))
    streams = server.streams()
    if not streams:
        yield Finding(True, "no cameras yet", "Add one: fanlight add demo demo:")
    for stream in streams:
        yield _camera(stream)


def state(stream: dict[str, Any]) -> str:
    """The state of a stream's camera."""
    return str((stream.get("status") or {}).get("state") or "unknown")


def trouble(stream: dict[str, Any]) -> list[str]:
    """What is wrong with a camera and what to do, a line each; nothing when it works or rests."""
    status = stream.get("status") or {}
    if state(stream) in ("online", "stopped"):
        frozen = status.get("frozen_since")
        return [f"the picture has not changed since {frozen}"] if frozen else []
    error = status.get("error") or {}
    lines = [str(error.get("message") or f"it is {state(stream)}")]
    if error.get("certificate"):
        lines.append(f"Accept its certificate: fanlight add --fingerprint {error['certificate']}")
    elif error.get("code") in _WAYS_OUT:
        lines.append(_WAYS_OUT[str(error["code"])])
    if status.get("next_try"):
        lines.append(f"The next try is at {status['next_try']}.")
    return lines


def _camera(stream: dict[str, Any]) -> Finding:
    lines = trouble(stream)
    name = f"{stream.get('stream_id')} is {state(stream)}"
    if not lines:
        return Finding(True, name)
    return Finding(False, f"{name}: {lines[0]}", " ".join(lines[1:]) or None)


def _opencv() -> Finding:
    try:
        import cv2
    except ImportError:
        return Finding(
            True, "no OpenCV", "Files, webcams and windows need it: pip install 'fanlight[opencv]'"
        )
    windows = not re.search(r"GUI:\s+NONE", cv2.getBuildInformation())
    return Finding(True, f"OpenCV {cv2.__version__}{'' if windows else ', built without windows'}")


def _ffmpeg(info: dict[str, Any]) -> Finding:
    ffmpeg = info.get("ffmpeg")
    if ffmpeg:
        return Finding(True, f"FFmpeg {ffmpeg.get('version')} at {ffmpeg.get('path')}")
    return Finding(False, str(info.get("ffmpeg_error") or "no FFmpeg"), _WAYS_OUT["ffmpeg_missing"])


def _way_to_the_server(server: Server, error: FanlightError) -> str:
    if isinstance(error, ConnectionFailed):
        return "Start Fanlight, or say where it is: fanlight --server http://host:port, or FANLIGHT_URL."
    if isinstance(error, Forbidden) and error.status == 401:
        return f"Put the server's token into FANLIGHT_TOKEN; {_environment.token_file()} was looked at."
    if isinstance(error, Forbidden):
        return f"Let the server be addressed like this: start it with --allow-host, for {server.url}."
    return "What answers there may not be Fanlight."


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]

"""What is said to the server and what its answers mean. No sockets and no clocks here.

Requests are built as values, answers are read from a status, headers and bytes, so that all of it is
tested as tables. Carrying them is the transport's work.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlsplit

import numpy as np
import numpy.typing as npt

from fanlight._version import __version__
from fanlight.errors import (
    AuthFailed,
    CameraFailed,
    CameraNotFound,
    CameraUnreachable,
    ConsumerKicked,
    FanlightError,
    Forbidden,
    InvalidRequest,
    ProtocolError,
    QuotaExceeded,
    ServerFailed,
    StreamExists,
    StreamInUse,
    StreamNotFound,
    StreamNotRunning,
)

#: Pixels, dtype uint8: shape (height, width, 3) in the order blue, green, red unless told otherwise,
#: or (height, width) of grey.
Array = npt.NDArray[np.uint8]

#: The longest the server waits for a frame in one request, in milliseconds.
LONGEST_WAIT_MS = 30_000

_BY_CODE: dict[str, type[FanlightError]] = {
    kind.code: kind
    for kind in (
        AuthFailed,
        CameraNotFound,
        CameraUnreachable,
        ConsumerKicked,
        Forbidden,
        InvalidRequest,
        QuotaExceeded,
        StreamExists,
        StreamInUse,
        StreamNotFound,
        StreamNotRunning,
    )
}
_BY_STATUS: dict[int, type[FanlightError]] = {
    400: InvalidRequest,
    401: Forbidden,
    403: Forbidden,
    404: StreamNotFound,
    405: InvalidRequest,
    409: StreamInUse,
    410: ConsumerKicked,
    413: InvalidRequest,
    415: InvalidRequest,
    422: InvalidRequest,
    429: QuotaExceeded,
    503: StreamNotRunning,
}


@dataclass(frozen=True)
class Address:
    """Where a server listens: `http://host:port/prefix`, taken apart."""

    host: str
    port: int
    prefix: str
    #: Whether it is `https://`.
    tls: bool = False

    @classmethod
    def parse(cls, url: str) -> Address:
        """Read a server's URL; raises InvalidRequest when it is none.

        A WebSocket URL (`ws://`, `wss://`) is taken as well, since it names the same server.
        """
        try:
            parts = urlsplit(url if "://" in url else "http://" + url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise InvalidRequest(f"{url!r} is not the URL of a server: {error}.") from None
        if parts.scheme not in ("http", "ws", "https", "wss") or not host:
            raise InvalidRequest(f"{url!r} is not the URL of a server; write it like http://127.0.0.1:8080.")
        tls = parts.scheme in ("https", "wss")
        return cls(host, port or (443 if tls else 80), quote(parts.path.rstrip("/"), safe="/%"), tls)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses to try, in order.

        `localhost` is tried at 127.0.0.1 first, where the server listens by default: some systems
        spend seconds on ::1 before they give up.
        """
        return ("127.0.0.1", "::1") if self.host == "localhost" else (self.host,)

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this machine, so that what belongs to this machine may be told to it."""
        try:
            return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def url(self) -> str:
        """The address as people write it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' if self.tls else ''}://{host}:{self.port}{self.prefix}"


@dataclass(frozen=True)
class Request:
    """One HTTP request, complete but for what the connection adds."""

    method: str
    path: str
    body: bytes | None = None

    def head(self, agent: str, token: str | None) -> dict[str, str]:
        """The headers to send with it, for those that the connection does not add by itself."""
        headers = {"User-Agent": agent}
        if token is not None:
            if not _TOKEN.fullmatch(token):
                raise InvalidRequest("The token holds characters that no token has, such as spaces.")
            headers["Authorization"] = f"Bearer {token}"
        if self.body is not None:
            headers["Content-Type"] = "application/json"
        return headers

    def asks_the_same(self, other: Request) -> bool:
        """Whether both ask for the same, however long they would wait for it."""
        return replace(self, path=_WAIT.sub("", self.path)) == replace(other, path=_WAIT.sub("", other.path))


@dataclass(frozen=True)
class FrameHeader:
    """What the server tells about the pixels that follow."""

    #: Number of the frame in its stream; grows by one per frame.
    sequence: int
    #: When the frame was captured, in nanoseconds of unix time.
    captured_ns: int
    #: Pixels a row.
    width: int
    #: Rows.
    height: int
    #: Frames of the stream that were missed between the last one asked after and this one.
    gap: int
    #: How the capture time is known: `camera` (its own clock) or `arrival`; None: the server does not say.
    clock: str | None = None
    #: Which of the camera's streams it is of, `main` or `sub`; None: the server does not say.
    stream: str | None = None

    @property
    def captured_at(self) -> float:
        """When the frame was captured, in seconds of unix time."""
        return self.captured_ns / 1e9

    @property
    def size(self) -> int:
        """Bytes of BGR24 pixels."""
        return self.width * self.height * 3


def user_agent(argv0: str, pid: int) -> str:
    """How a script names itself to the server: `fanlight-python/1.0 (canny.py; pid 42)`."""
    script = re.sub(r"[^A-Za-z0-9._+-]", "_", argv0.replace("\\", "/").rsplit("/", 1)[-1])[:64]
    if script in ("", "-c", "-m"):
        script = "python"
    return f"fanlight-python/{__version__} ({script}; pid {pid})"


def start(stream_id: str | None, url: str, **settings: Any) -> Request:
    """Start a stream; without an id the server derives one from the URL. Settings of None are left out."""
    fields = {"stream_id": stream_id, "rtsp_url": url, **settings}
    path = "/api/streams" if stream_id is not None else "/api/streams/start-with-url"
    return _post(path, {name: value for name, value in fields.items() if value is not None})


def stop(stream_id: str, *, force: bool = False) -> Request:
    """Stop a stream; without force only when nobody reads it."""
    return Request("DELETE", _stream(stream_id) + ("/force" if force else ""))


def change(stream_id: str, settings: Mapping[str, Any]) -> Request:
    """Change settings of a stream."""
    return Request("PATCH", _stream(stream_id), json.dumps(dict(settings)).encode())


def restart(stream_id: str) -> Request:
    """Connect a stream to its camera anew."""
    return _post(_stream(stream_id) + "/restart", {})


def streams() -> Request:
    """All streams."""
    return Request("GET", "/api/streams")


def stream(stream_id: str) -> Request:
    """One stream in full."""
    return Request("GET", _stream(stream_id))


def stats(stream_id: str) -> Request:
    """One stream in full, with its counters."""
    return Request("GET", _stream(stream_id) + "/stats")


def consumers(stream_id: str) -> Request:
    """Who reads a stream."""
    return Request("GET", _stream(stream_id) + "/consumers")


def probe(url: str, tls_fingerprint: str | None = None) -> Request:
    """Test a camera without adding it."""
    told = {"url": url, "tls_fingerprint": tls_fingerprint}
    return _post("/api/probe", {name: value for name, value in told.items() if value is not None})


def info() -> Request:
    """What the server is."""
    return Request("GET", "/api/info")


def frame(
    stream_id: str,
    *,
    after: int | None = None,
    width: int | None = None,
    height: int | None = None,
    fps: float | None = None,
    wait_ms: int,
) -> Request:
    """The newest frame after the sequence number `after`; without it the next one to come."""
    fields = {"after": after, "width": width, "height": height, "fps": fps}
    return _picture(stream_id, fields, wait_ms)


def snapshot(
    stream_id: str,
    *,
    format: str,
    width: int | None = None,
    height: int | None = None,
    quality: int | None = None,
    wait_ms: int,
) -> Request:
    """The next frame as a picture file: `jpeg`, `png` or `webp`."""
    fields = {"format": format, "width": width, "height": height, "quality": quality}
    return _picture(stream_id, fields, wait_ms)


def frame_header(headers: Mapping[str, str]) -> FrameHeader:
    """Read the headers of a frame, their names in lower case.

    Raises ProtocolError when they do not describe BGR24 pixels.
    """

    def number(name: str, least: int) -> int:
        text = headers.get(name.lower(), "")
        if not text.isascii() or not text.isdigit() or int(text) < least:
            raise ProtocolError(f"The server sent a frame with {name}: {text!r}; is it a Fanlight server?")
        return int(text)

    header = FrameHeader(
        sequence=number("X-Frame-Sequence", 0),
        captured_ns=number("X-Frame-Timestamp", 0),
        width=number("X-Frame-Width", 1),
        height=number("X-Frame-Height", 1),
        gap=number("X-Frame-Gap", 0) if "x-frame-gap" in headers else 0,
        clock=headers.get("x-frame-clock"),
        stream=headers.get("x-frame-stream"),
    )
    length = number("Content-Length", 0)
    if length != header.size:
        raise ProtocolError(
            f"The server sent {length} bytes for a frame of {header.width}x{header.height} pixels,"
            f" which takes {header.size}."
        )
    return header


def response_head(block: bytes) -> tuple[int, dict[str, str]]:
    """Status and headers, names in lower case, of an answer up to and with its empty line.

    Raises ProtocolError when it is not HTTP.
    """

    class Peer:
        def makefile(self, _mode: str) -> io.BytesIO:
            return io.BytesIO(block)

    response = http.client.HTTPResponse(Peer())  # type: ignore[arg-type]  # it needs makefile only
    try:
        response.begin()
    except http.client.HTTPException as error:
        raise ProtocolError("What answers does not speak HTTP as Fanlight does.") from error
    return response.status, lower(response.getheaders())


def lower(headers: list[tuple[str, str]]) -> dict[str, str]:
    """Headers by name, in lower case."""
    return {name.lower(): value for name, value in headers}


def json_object(body: bytes) -> dict[str, Any]:
    """Read the answer of a call; raises ProtocolError when it is no JSON object."""
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ProtocolError("The answer is not a JSON object; is this a Fanlight server?")
    return value


def problem(status: int, body: bytes) -> FanlightError:
    """The error that an unsuccessful answer stands for."""
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        told = {}
    code, text = told.get("code"), told.get("error")
    code = code if isinstance(code, str) else None
    text = text if isinstance(text, str) and text else f"The server answered with HTTP status {status}."
    kind = _BY_CODE.get(code or "") or _BY_STATUS.get(status, ServerFailed)
    if kind is StreamNotRunning and code not in (None, StreamNotRunning.code):
        kind = CameraFailed
    return kind(text, code=code, status=status)


def camera_fault(stream: Mapping[str, Any]) -> FanlightError | None:
    """What is wrong with a stream's camera, by the stream's own account."""
    told = (stream.get("status") or {}).get("error")
    if not isinstance(told, dict):
        return None
    code = str(told.get("code"))
    return _BY_CODE.get(code, CameraFailed)(str(told.get("message")), code=code)


def masked(url: str) -> str:
    """A camera's URL as the server writes it in answers: without its password."""
    return re.sub(r"^([A-Za-z]+://[^/@:]*):[^/]*@", r"\1:***@", url)


_TOKEN = re.compile(r"[!-~]+")
_WAIT = re.compile(r"&?\bwait=\d+")


def _post(path: str, body: Mapping[str, Any]) -> Request:
    return Request("POST", path, json.dumps(body).encode())


def _picture(stream_id: str, fields: Mapping[str, Any], wait_ms: int) -> Request:
    # Numbers and plain words need no escaping, and this is asked for each frame.
    query = "".join(f"{name}={value}&" for name, value in fields.items() if value is not None)
    wait = max(0, min(wait_ms, LONGEST_WAIT_MS))
    return Request("GET", f"{_stream(stream_id)}/frame?{query}wait={wait}")


def _stream(stream_id: str) -> str:
    return "/api/streams/" + quote(stream_id, safe="")

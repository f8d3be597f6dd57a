"""The packets of the shared-memory socket, version 1 (docs/SHARED_MEMORY.md). No sockets here."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Union

from fanlight._protocol import FrameHeader, Request
from fanlight.errors import ProtocolError

#: What this side speaks.
VERSION = 1
#: The longest packet the server sends, in bytes.
LONGEST = 64 << 10

_HEAD = struct.Struct("<BBHI")
_WELCOME = struct.Struct("<Q")
_LEASE = struct.Struct("<Q")
_PICTURE = struct.Struct("<7QII")
_METHODS = {"GET": 1, "DELETE": 2}
_ATTACHED, _CAMERA_CLOCK, _SUBSTREAM = 1, 2, 4


@dataclass(frozen=True)
class Welcome:
    """The server speaks this version; `epoch` tells one run of it from another."""

    version: int
    epoch: int


@dataclass(frozen=True)
class Picture:
    """Where a picture lies, and what it is."""

    id: int
    #: By which it is given back.
    lease: int
    segment: int
    #: Whether the segment's descriptor came with the packet.
    attached: bool
    #: Where in the segment it begins, in bytes.
    offset: int
    header: FrameHeader


@dataclass(frozen=True)
class Answer:
    """Any other answer, as over HTTP."""

    id: int
    status: int
    body: bytes
    #: Whether the body is in the file that came with the packet instead.
    attached: bool = False


Told = Union[Welcome, Picture, Answer]


def can_ask(request: Request) -> bool:
    """Whether a request can travel this way."""
    return request.method in _METHODS and request.body is None


def hello(agent: str) -> bytes:
    """The first packet of a connection."""
    return _HEAD.pack(1, VERSION, 0, 0) + agent.encode("ascii", "replace")


def ask(id: int, request: Request) -> bytes:
    """A request; its answer has the same number."""
    return _HEAD.pack(2, _METHODS[request.method], 0, id) + request.path.encode("ascii")


def release(lease: int) -> bytes:
    """A picture is looked at no more."""
    return _HEAD.pack(3, 0, 0, 0) + _LEASE.pack(lease)


def parse(packet: bytes) -> Told:
    """Read a packet of the server; raises ProtocolError when it is none."""
    try:
        kind, detail, status, id = _HEAD.unpack_from(packet)
        if kind == 1:
            return Welcome(detail, _WELCOME.unpack_from(packet, _HEAD.size)[0])
        if kind == 3:
            return Answer(id, status, packet[_HEAD.size :], bool(detail & _ATTACHED))
        if kind == 2:
            told = _PICTURE.unpack_from(packet, _HEAD.size)
            lease, segment, offset, length, sequence, captured_ns, gap, width, height = told
            clock = "camera" if detail & _CAMERA_CLOCK else "arrival"
            stream = "sub" if detail & _SUBSTREAM else "main"
            header = FrameHeader(sequence, captured_ns, width, height, gap, clock, stream)
            if length == header.size and length:
                return Picture(id, lease, segment, bool(detail & _ATTACHED), offset, header)
    except struct.error:
        pass
    raise ProtocolError("What answers at the shared-memory socket does not speak as Fanlight does.")

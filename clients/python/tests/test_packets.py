"""The packets of the shared-memory socket, byte for byte as the server's tests have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from fanlight import _packets
from fanlight._packets import Answer, Picture, Welcome
from fanlight._protocol import FrameHeader, Request
from fanlight.errors import ProtocolError

GOLDEN = Path(__file__).parents[3] / "tests" / "testdata" / "shared_memory.txt"


def golden(name: str) -> bytes:
    lines = dict(line.split(": ", 1) for line in GOLDEN.read_text().splitlines() if not line.startswith("#"))
    return bytes.fromhex(lines[name])


def test_what_is_sent() -> None:
    path = "/api/streams/door/frame?after=1200&width=640&height=360&wait=900"
    assert _packets.hello("fanlight-python/0.1.0 (edges.py; pid 4711)") == golden("hello")
    assert _packets.ask(7, Request("GET", path)) == golden("request")
    assert _packets.ask(8, Request("DELETE", "/api/streams/door")) == golden("stop")
    assert _packets.release(0x0102030405060708) == golden("release")


def test_what_is_read() -> None:
    header = FrameHeader(1204, 1_767_600_000_123_456_789, 640, 360, 3, "camera", "main")
    picture = Picture(id=7, lease=3, segment=2, attached=True, offset=692_224, header=header)
    assert _packets.parse(golden("picture")) == picture
    sub = _packets.parse(golden("picture of a substream"))
    assert isinstance(sub, Picture)
    assert (sub.attached, sub.header.clock, sub.header.stream) == (False, "arrival", "sub")
    assert _packets.parse(golden("welcome")) == Welcome(1, 0x1122334455667788)
    assert _packets.parse(golden("nothing new")) == Answer(7, 204, b"")
    assert _packets.parse(golden("problem")) == Answer(7, 404, b'{"code": "stream_not_found"}')
    assert _packets.parse(golden("long answer")) == Answer(7, 200, b"", attached=True)


def test_what_no_server_sends() -> None:
    whole = golden("picture")
    wrong_length = whole[:32] + bytes(8) + whole[40:]
    for packet in (b"", b"\x01", whole[:-1], wrong_length, b"\x09" + whole[1:]):
        with pytest.raises(ProtocolError):
            _packets.parse(packet)


def test_what_can_be_asked() -> None:
    assert _packets.can_ask(Request("GET", "/api/streams"))
    assert _packets.can_ask(Request("DELETE", "/api/streams/door"))
    assert not _packets.can_ask(Request("POST", "/api/streams", b"{}"))

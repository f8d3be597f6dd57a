"""WebSocket clients that are slow: what they get is fresh, and what they miss is counted."""

import contextlib
import socket
import struct
import time
from dataclasses import dataclass
from itertools import pairwise

import pytest
from websocket import WebSocket, WebSocketBadStatusException, WebSocketTimeoutException, create_connection

from rig.site import Site
from rig.waiting import eventually

#: It measures, and what runs beside it would be measured too.
pytestmark = pytest.mark.alone


@dataclass(frozen=True)
class Picture:
    """What the header of a message says, and how old it was when it was read."""

    sequence: int
    missed: int
    keyframe: bool
    age: float


def connect(site: Site, query: str, *, buffer: int | None = None) -> WebSocket:
    """With a receive buffer of its own where one is given, in bytes."""
    options = [(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)] if buffer else []
    return create_connection(f"ws://127.0.0.1:{site.server.port}/ws/cam?header=1&{query}", timeout=10, sockopt=options)


def read(reader: WebSocket) -> Picture:
    message = reader.recv()
    now = time.time()
    assert isinstance(message, bytes)
    sequence, captured, flags, missed = struct.unpack("<QQ9xBxxI", message[:32])
    return Picture(sequence, missed, flags == 1, now - captured / 1e9)


def assert_silent(reader: WebSocket, seconds: float = 0.4) -> None:
    """Nothing comes: ten pictures' time by default."""
    reader.settimeout(seconds)
    with pytest.raises(WebSocketTimeoutException):
        reader.recv()
    reader.settimeout(10)


def read_until_silent(reader: WebSocket) -> int:
    """How many messages come."""
    reader.settimeout(0.4)
    number = 0
    with contextlib.suppress(WebSocketTimeoutException):
        while number < 50:
            read(reader)
            number += 1
    reader.settimeout(10)
    return number


@pytest.mark.parametrize("query", ["format=jpeg", "format=bgr24", "format=h264"])
def test_a_client_gets_as_many_messages_as_it_asks_for(site: Site, query: str) -> None:
    site.add()
    reader = connect(site, f"{query}&credit=3")
    for _ in range(3):
        read(reader)
    assert_silent(reader)
    for anything in ("", "more", b"", b"\x00\xff"):
        reader.send(anything) if isinstance(anything, str) else reader.send_binary(anything)
        read(reader)
        assert_silent(reader, 0.15)
    reader.close()


def test_a_client_is_never_owed_more_than_it_began_with(site: Site) -> None:
    site.add()
    reader = connect(site, "format=jpeg&credit=3")
    for _ in range(3):
        read(reader)
    assert_silent(reader)
    for _ in range(50):
        reader.send("")
    assert 3 <= read_until_silent(reader) <= 6, "one or two are sent while it asks"
    reader.close()


def test_pings_are_no_credit(site: Site) -> None:
    site.add()
    reader = connect(site, "format=jpeg&credit=1")
    read(reader)
    reader.ping(b"are you there")
    reader.pong(b"")
    kind, data = reader.recv_data(control_frame=True)
    assert (kind, data) == (0xA, b"are you there")
    assert_silent(reader)
    reader.close()


def test_who_asks_late_gets_the_newest_picture(site: Site) -> None:
    site.add()
    reader = connect(site, "format=jpeg&credit=1")
    last = read(reader)
    ages = []
    for _ in range(4):
        time.sleep(0.5)
        reader.send("")
        picture = read(reader)
        assert picture.sequence > last.sequence + 5
        assert picture.missed == picture.sequence - last.sequence - 1
        ages.append(picture.age)
        last = picture
    (consumer,) = site.server.ask("GET", "/api/streams/cam/consumers").json["consumers"]
    assert consumer["dropped_frames"] >= 20
    # A picture is at most as old as the time to the next one and the way; one hiccup is the machine's.
    assert sorted(ages)[-2] < 0.2, ages
    reader.close()


def test_who_asks_late_for_access_units_goes_on_at_a_keyframe(site: Site) -> None:
    site.add(frame_buffer_size=1)
    reader = connect(site, "format=h264&credit=1")
    assert read(reader).keyframe
    time.sleep(3.2)  # more than the GOP and the tail of the one before
    for _ in range(60):
        reader.send("")
        unit = read(reader)
        if unit.missed:
            break
    assert unit.missed
    assert unit.keyframe
    assert unit.age < 3
    reader.close()


def test_a_client_without_credit_learns_of_the_end(site: Site) -> None:
    site.add()
    for query in ("format=jpeg&credit=1", "format=h264&credit=1"):
        reader = connect(site, query)
        read(reader)
        (consumer,) = site.server.ask("GET", "/api/streams/cam/consumers").json["consumers"]
        answer = site.server.ask("DELETE", f"/api/streams/cam/consumers/{consumer['id']}")
        assert answer.status == 204
        assert reader.recv_data()[0] == 0x8
        reader.close()
        eventually(lambda: site.server.stream("cam")["client_count"] == 0)


@pytest.mark.parametrize("credit", ["0", "17", "-1", "1.5", "many", ""])
def test_a_credit_that_is_none_is_refused_before_the_upgrade(site: Site, credit: str) -> None:
    site.add()
    with pytest.raises(WebSocketBadStatusException) as refused:
        connect(site, f"credit={credit}")
    assert refused.value.status_code == 400


def test_what_is_pushed_to_a_slow_client_is_fresh(site: Site) -> None:
    """Only what is on its way can be old, not what the system would keep for it: seconds of pictures."""
    site.add()
    reader = connect(site, "format=jpeg&width=640&height=360", buffer=16 * 1024)
    pictures = []
    for _ in range(20):
        pictures.append(read(reader))
        time.sleep(0.3)
    reader.close()
    ages = [picture.age for picture in pictures[5:]]
    assert sorted(ages)[len(ages) // 2] < 2.0, ages
    assert max(ages) < 3.0, ages
    steps = [(b.sequence - a.sequence - 1, b.missed) for a, b in pairwise(pictures)]
    assert all(skipped == missed for skipped, missed in steps), steps
    assert sum(missed for _, missed in steps) >= 60
    eventually(lambda: site.server.stream("cam")["dropped_frames"] >= 60)

"""Readers choose their rate and form: fewer frames, keyframes alone, smaller JPEGs, untouched packets."""

import http.client
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import psutil
import pytest
from websocket import WebSocket, WebSocketBadStatusException, create_connection

from rig import code_blocks
from rig.camera import Cameras, Model
from rig.clip import Clip
from rig.pictures import SIZE, SOON, assert_running
from rig.server import Server, sidecar
from rig.site import Site
from rig.waiting import eventually

#: It measures, and what runs beside it would be measured too.
pytestmark = pytest.mark.alone

FRAMES = 250
#: A keyframe each second, and much to send.
BUSY = Clip(1280, 720, 8000, FRAMES, gop=25)
MODELS = {
    "h264": Model(Clip(640, 360, 600, FRAMES, gop=25), "h264"),
    "h265": Model(Clip(640, 360, 600, FRAMES, codec="h265"), "h265"),
    "busy": Model(BUSY, "busy"),
}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Cameras(models=list(MODELS.values())) as cameras, Server() as server:
        for number, name in enumerate(MODELS):
            server.add(name, cameras.url(number))
        for name in MODELS:
            server.wait_online(name, within=SOON)
        yield Site(cameras, server)


@dataclass(frozen=True)
class Message:
    """A WebSocket message with its header."""

    sequence: int
    captured_at: float
    width: int
    height: int
    kind: int
    keyframe: bool
    missed: int
    body: bytes


class Reader:
    """A WebSocket with headers; a context manager."""

    def __init__(self, site: Site, stream_id: str, query: str, *, buffer: int | None = None) -> None:
        url = f"ws://127.0.0.1:{site.server.port}/ws/{stream_id}?header=1&{query}"
        options = [(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)] if buffer else []
        self._socket: WebSocket = create_connection(url, timeout=15, sockopt=options)

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def next(self) -> Message:
        message = self._socket.recv()
        assert isinstance(message, bytes)
        sequence, captured, width, height, kind, flags, zero, missed = struct.unpack("<QQIIBBHI", message[:32])
        assert zero == 0
        assert flags in (0, 1)
        return Message(sequence, captured / 1e9, width, height, kind, flags == 1, missed, message[32:])

    def during(self, seconds: float) -> list[Message]:
        """From the first message on."""
        messages = [self.next()]
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            messages.append(self.next())
        return messages


def decoded(codec: str, data: bytes, size: tuple[int, int] = SIZE) -> list[int | None]:
    """The numbers in the pictures of an elementary stream."""
    demuxer = {"h264": "h264", "h265": "hevc"}[codec]
    command = [sidecar(), "-v", "error", "-f", demuxer, "-i", "pipe:0", "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"]
    raw = subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout
    pictures = np.frombuffer(raw, np.uint8).reshape(-1, size[1], size[0])
    return [code_blocks.decode(picture) for picture in pictures]


# Rates


@pytest.mark.parametrize("fps", [5, 12.5])
def test_a_reader_gets_no_more_frames_than_it_wants(site: Site, fps: float) -> None:
    with Reader(site, "h264", f"format=jpeg&fps={fps}") as reader:
        reader.next()
        messages = reader.during(3)
        (consumer,) = site.server.ask("GET", "/api/streams/h264/consumers").json["consumers"]
    gaps = [b.captured_at - a.captured_at for a, b in pairwise(messages)]
    assert 0.8 / fps < np.median(gaps) < 1.3 / fps, gaps
    assert len(messages) <= 3 * fps + 2
    # Those it did not want are not lost.
    assert consumer["dropped_frames"] <= len(messages) // 2
    assert sum(message.missed for message in messages) <= len(messages) // 2


def test_a_connection_that_pulls_gets_no_more_frames_than_it_wants(site: Site) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.server.port, timeout=15)
    captured = []
    for _ in range(8):
        connection.request("GET", "/api/streams/h264/frame?width=640&height=360&fps=4")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
        captured.append(int(answer.headers["x-frame-timestamp"]) / 1e9)
    connection.close()
    gaps = [b - a for a, b in pairwise(captured)]
    assert 0.2 < np.median(gaps) < 0.35, gaps


def test_for_a_frame_a_second_only_keyframes_are_decoded(site: Site) -> None:
    with Reader(site, "h264", "format=jpeg&fps=1&width=320&height=180") as reader:
        reader.next()
        (rendition,) = [each for each in site.server.stream("h264")["renditions"] if each["width"] == 320]
        assert rendition["keyframes_only"] is True
        messages = reader.during(2.5)
        assert 2 <= len(messages) <= 4
        # Somebody wants every frame in that size: both get what they want.
        with Reader(site, "h264", "format=jpeg&width=320&height=180") as other:
            other.next()
            assert len(other.during(1)) > 15
            modes = [e["keyframes_only"] for e in site.server.stream("h264")["renditions"] if e["width"] == 320]
            assert False in modes


@pytest.mark.parametrize("query", ["fps=0", "fps=0.001", "fps=1001", "fps=-1", "fps=NaN", "fps=x"])
def test_rates_that_are_none(site: Site, query: str) -> None:
    site.server.ask("GET", f"/api/streams/h264/frame?{query}").problem(400, "invalid_request")
    with pytest.raises(WebSocketBadStatusException) as refused:
        Reader(site, "h264", query)
    assert refused.value.status_code == 400


# JPEG


def test_quality_costs_bytes(site: Site) -> None:
    def size(query: str) -> int:
        answer = site.server.ask("GET", f"/api/streams/h264/frame?format=jpeg&width=640&height=360&{query}")
        assert answer.headers["content-type"] == "image/jpeg"
        return len(answer.body)

    poor, usual, good = size("quality=10"), size(""), size("quality=98")
    assert poor * 1.5 < usual < good / 1.5
    for wrong in ("0", "101", "x", "-5"):
        answer = site.server.ask("GET", f"/api/streams/h264/frame?format=jpeg&quality={wrong}")
        answer.problem(400, "invalid_request")
    with Reader(site, "h264", "format=jpeg&width=640&height=360&quality=10") as reader:
        assert len(reader.next().body) < usual


def test_a_slow_reader_of_pictures_is_told_what_it_missed(site: Site) -> None:
    with Reader(site, "busy", "format=bgr24&width=1280&height=720", buffer=1 << 16) as reader:
        first = reader.next()
        assert (first.kind, first.width, first.height) == (0, 1280, 720)
        time.sleep(2)
        messages = [reader.next() for _ in range(30)]
    missed = sum(message.missed for message in messages)
    assert missed > 10
    assert messages[-1].sequence - first.sequence == missed + len(messages)


# Packets


@pytest.mark.parametrize(("codec", "kind"), [("h264", 2), ("h265", 3)])
def test_packets_come_untouched_from_a_keyframe_on(site: Site, codec: str, kind: int) -> None:
    with Reader(site, codec, f"format={codec}") as reader:
        messages = [reader.next() for _ in range(60)]
    assert messages[0].keyframe
    assert {(each.kind, each.width, each.height) for each in messages} == {(kind, 640, 360)}
    assert [b.sequence - a.sequence for a, b in pairwise(messages)] == [1] * 59
    assert sum(each.missed for each in messages) == 0
    assert 1 <= sum(each.keyframe for each in messages) <= 4
    assert all(each.body.startswith(b"\0\0\0\1") for each in messages)
    seen = decoded(codec, b"".join(each.body for each in messages))
    assert len(seen) >= 58
    assert_running(seen, FRAMES)
    assert all((b - a) % FRAMES == 1 for a, b in pairwise(seen))


def test_packets_without_headers_are_a_stream_for_any_decoder(site: Site) -> None:
    url = f"ws://127.0.0.1:{site.server.port}/ws/h264?format=h264"
    reader = create_connection(url, timeout=15)
    data = b"".join(reader.recv() for _ in range(30))
    reader.close()
    assert_running(decoded("h264", data), FRAMES)


def test_packets_cost_no_decoder(site: Site) -> None:
    eventually(lambda: not site.server.decoders(), within=30)
    with Reader(site, "h264", "format=h264") as reader:
        for _ in range(30):
            reader.next()
        assert site.server.decoders() == []
        (consumer,) = site.server.ask("GET", "/api/streams/h264/consumers").json["consumers"]
        assert (consumer["kind"], consumer["format"], consumer["stream"]) == ("websocket", "h264", "main")
        assert (consumer["width"], consumer["height"]) == (None, None)


def test_a_slow_reader_of_packets_loses_whole_groups_and_is_told(site: Site) -> None:
    size = (BUSY.width, BUSY.height)
    process = psutil.Process(site.server.pid)
    with Reader(site, "busy", "format=h264", buffer=1 << 14) as reader:
        before = [reader.next()]
        memory = process.memory_info().rss
        time.sleep(10)
        assert process.memory_info().rss - memory < 20_000_000
        while not (message := reader.next()).missed:
            before.append(message)
            assert len(before) < 10 * 25, "it got everything, late"
        after = [message] + [reader.next() for _ in range(30)]
    assert message.keyframe, "what follows a gap can be decoded"
    assert message.sequence - before[-1].sequence == message.missed + 1
    assert time.time() - message.captured_at < 5
    assert None not in decoded("h264", b"".join(each.body for each in after), size)


@pytest.mark.parametrize(("stream_id", "codec"), [("h264", "h265"), ("h265", "h264")])
def test_packets_of_another_codec_are_refused_before_the_upgrade(site: Site, stream_id: str, codec: str) -> None:
    with pytest.raises(WebSocketBadStatusException) as refused:
        Reader(site, stream_id, f"format={codec}")
    assert refused.value.status_code == 503
    assert b"unsupported_codec" in refused.value.resp_body


@pytest.mark.parametrize("query", ["format=h264&fps=5", "format=h264&width=640&height=360", "format=h266"])
def test_packets_cannot_be_changed(site: Site, query: str) -> None:
    with pytest.raises(WebSocketBadStatusException) as refused:
        Reader(site, "h264", query)
    assert refused.value.status_code == 400


# Time


def test_the_cameras_clock_tells_when_a_picture_was_taken(site: Site) -> None:
    """By the sender reports, of which the first comes within some seconds."""
    schedule = site.cameras.schedule

    def told() -> bool:
        answer = site.server.ask("GET", "/api/streams/h264/frame?width=640&height=360")
        captured = int(answer.headers["x-frame-timestamp"]) / 1e9
        number = code_blocks.decode(np.frombuffer(answer.body, np.uint8).reshape(SIZE[1], SIZE[0], 3))
        assert number is not None
        sent = schedule.t_of(schedule.n_of(number, captured))
        assert -0.05 < captured - sent < 0.3
        return answer.headers["x-frame-clock"] == "camera"

    eventually(told, within=15, every=0.5)


def test_the_demo_cameras_pictures_are_dated_by_their_arrival(site: Site) -> None:
    site.server.add("demo", "demo:")
    site.server.wait_online("demo", within=SOON)
    assert site.server.ask("GET", "/api/streams/demo/frame").headers["x-frame-clock"] == "arrival"
    site.server.ask("DELETE", "/api/streams/demo/force")


def test_what_happened_in_the_last_seconds(site: Site) -> None:
    def history() -> dict[str, list[float]]:
        told = site.server.ask("GET", "/api/streams/h264/history").json
        assert told["step_seconds"] == 1
        rows = {name: told[name] for name in ("frames", "kbit", "keyframes", "lost", "reconnects")}
        assert len({len(row) for row in rows.values()}) == 1
        assert len(rows["frames"]) <= 300
        return rows if len(rows["frames"]) >= 6 else {}

    last = {name: row[-5:] for name, row in eventually(history, within=15).items()}
    assert all(15 <= frames <= 35 for frames in last["frames"][:-1]), last
    assert 3 <= sum(last["keyframes"]) <= 7
    assert 300 <= sum(last["kbit"]) / 5 <= 900
    assert sum(last["lost"]) == sum(last["reconnects"]) == 0

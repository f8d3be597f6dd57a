"""The promise: one connection to the camera and one decoder, however many read, in whatever sizes."""

import time
from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np
import pytest

from rig import code_blocks, readers
from rig.camera import Cameras
from rig.plugin import FULL_HD
from rig.readers import Log, Reader, reading
from rig.server import Server
from rig.waiting import eventually

#: It measures, and what runs beside it would be measured too.
pytestmark = pytest.mark.alone

#: Readers are held to their rate over this time, out of the longer one for which they read, in seconds.
STRETCH, SECONDS = 8.0, 12.0
SMALL = (640, 360)
LARGE = (960, 540)


def check_every_frame_came(log: Log, cameras: Cameras) -> None:
    """The camera's numbers only grow, and hardly any is missing: no other reader took it away."""
    indexes = [frame.index for frame in log.frames]
    assert None not in indexes, "a picture was damaged"
    steps = [(b - a) % cameras.clip.frames for a, b in pairwise(indexes)]
    assert 0 not in steps, "the same frame came twice"
    assert max(steps) < cameras.clip.frames // 2, "a reader went back in time"
    fps = log.best_fps(STRETCH)
    assert fps >= 24, f"{fps:.1f} fps; missed {sum(step - 1 for step in steps)} of {sum(steps)} frames"


def test_five_readers_share_one_connection(camera: Callable[..., Cameras], server: Callable[..., Server]) -> None:
    cameras, fanlight = camera(FULL_HD), server()
    fanlight.add("cam", cameras.url(), width=SMALL[0], height=SMALL[1])
    fanlight.wait_online("cam")

    python = [Reader(readers.python_client, fanlight.url, "cam", LARGE, seconds=SECONDS) for _ in range(3)]
    socket = Reader(readers.websocket, fanlight.url, "cam", SMALL, seconds=SECONDS)
    with reading(*python, socket):
        for reader in (*python, socket):
            reader.first_frame()
        plain = fanlight.ask("GET", "/api/streams/cam/frame")
        assert len(plain.body) == SMALL[0] * SMALL[1] * 3

        # The smaller pictures are made from the larger ones.
        eventually(lambda: len(fanlight.decoders()) == 1)
        assert len(fanlight.ffmpegs()) == 1
        stream = fanlight.stream("cam")
        assert stream["client_count"] >= 4
        sizes = sorted((each["width"], each["height"]) for each in stream["renditions"])
        assert sizes == [SMALL, LARGE]
        assert [each["decoder"] for each in stream["renditions"]].count("scaled") == 1

        logs = [reader.result() for reader in (*python, socket)]
    for log in logs:
        check_every_frame_came(log, cameras)
    for log in logs[:3]:
        assert all(b.sequence > a.sequence for a, b in pairwise(log.frames))
    assert cameras.connections() == type(cameras.connections())(open=1, most=1, ever=1)
    eventually(lambda: fanlight.stream("cam")["client_count"] == 0)
    eventually(lambda: not fanlight.ffmpegs(), within=15)
    assert cameras.connections().open == 1


def test_both_ways_of_starting_a_camera_share_its_connection(
    camera: Callable[..., Cameras], server: Callable[..., Server]
) -> None:
    cameras, fanlight = camera(), server()
    url = cameras.url()
    fanlight.add("front-door", url)
    told = fanlight.ask("POST", "/api/streams/start-with-url", {"rtsp_url": url}).json
    assert (told["message"], told["stream_id"]) == ("Stream already running", "front-door")
    fanlight.wait_online("front-door")
    assert fanlight.ask("GET", "/api/streams/front-door/frame").status == 200
    assert cameras.connections().ever == 1


def test_a_slow_script_sees_fresh_frames(camera: Callable[..., Cameras], server: Callable[..., Server]) -> None:
    cameras, fanlight = camera(), server()
    fanlight.add("cam", cameras.url())
    fanlight.wait_online("cam")
    slow = Reader(readers.python_client, fanlight.url, "cam", SMALL, seconds=4, work=0.2)
    with reading(slow):
        log = slow.result()
    latencies = sorted(log.latencies(cameras.schedule))
    assert latencies[len(latencies) // 2] < 0.1
    gaps = [frame.gap for frame in log.frames[2:]]
    assert 3 <= sum(gaps) / len(gaps) <= 6, "five frames pass while it works: they are counted, not queued"


def test_a_second_reader_does_not_wait_for_a_keyframe(
    camera: Callable[..., Cameras], server: Callable[..., Server]
) -> None:
    cameras, fanlight = camera(), server()
    fanlight.add("cam", cameras.url())
    fanlight.wait_online("cam")
    fanlight.ask("GET", "/api/streams/cam/frame?width=640&height=360")
    for size in ("640&height=360", "320&height=180"):
        started = time.monotonic()
        answer = fanlight.ask("GET", f"/api/streams/cam/frame?width={size}")
        assert time.monotonic() - started < 0.8, "the group of pictures so far is kept for this"
        assert answer.status == 200


def test_the_same_picture_at_every_size_and_form(camera: Callable[..., Cameras], server: Callable[..., Server]) -> None:
    cameras, fanlight = camera(), server()
    fanlight.add("cam", cameras.url())
    fanlight.wait_online("cam")

    def picture(query: str, width: int, height: int) -> np.ndarray:
        answer = fanlight.ask("GET", f"/api/streams/cam/frame?width={width}&height={height}&{query}")
        if "format" in query:
            return cv2.imdecode(np.frombuffer(answer.body, np.uint8), cv2.IMREAD_COLOR)
        return np.frombuffer(answer.body, np.uint8).reshape(height, width, 3)

    reference = cv2.resize(picture("", 640, 360), (320, 180), interpolation=cv2.INTER_AREA).astype(int)
    for query in ("", "format=jpeg", "format=png"):
        shown = picture(query, 320, 180)
        assert code_blocks.decode(shown) is not None
        # The scene moves between the two, so the colours are compared on the whole.
        assert np.abs(shown.mean((0, 1)) - reference.mean((0, 1))).max() < 6

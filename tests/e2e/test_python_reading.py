"""Reading frames in Python as scripts want them: layout, rate, several cameras, restarts of the server."""

import threading
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from fanlight import (
    ConsumerKicked,
    Frame,
    InvalidRequest,
    NoFrame,
    RTSPStreamClient,
    Server,
    StreamInUse,
    StreamNotFound,
)

from rig import code_blocks
from rig.site import Site
from rig.waiting import eventually

#: It measures, and what runs beside it would be measured too.
pytestmark = pytest.mark.alone


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(int) - other).mean())


def until_it_raises(frames: Iterator[Frame], kind: type[Exception]) -> Iterator[Frame]:
    try:
        yield from frames
    except kind:
        return


@pytest.fixture
def client(site: Site) -> Iterator[RTSPStreamClient]:
    with RTSPStreamClient(site.server.url, "cam") as connected:
        connected.start_stream(site.cameras.url(), 320, 180)
        yield connected


def test_a_frame_tells_which_it_is(client: RTSPStreamClient) -> None:
    numbers = []
    for frame in client.frames():
        assert frame.sequence == client.last_sequence
        assert frame.stream_id == "cam"
        assert 0 <= frame.age < 1
        assert frame.clock in ("camera", "arrival", None)
        numbers.append(frame.sequence)
        if len(numbers) == 10:
            break
    time.sleep(0.4)
    frame = client.get_frame(5)
    assert frame is not None
    assert frame.gap == frame.sequence - numbers[-1] - 1 >= 5
    assert numbers == sorted(set(numbers))


def test_a_frame_goes_where_the_caller_wants_it(client: RTSPStreamClient) -> None:
    buffer = np.zeros((180, 320, 3), np.uint8)
    first = client.get_frame(5, into=buffer)
    assert first is not None
    assert np.shares_memory(first, buffer)
    assert buffer.any()
    small = np.zeros((10, 10, 3), np.uint8)
    second = client.get_frame(5, into=small)
    assert second is not None
    assert second.shape == (180, 320, 3)
    assert not small.any()


def test_grey_and_rgb(client: RTSPStreamClient) -> None:
    bgr = client.get_frame(5)
    client.pixels = "gray"
    gray = client.get_frame(5)
    client.pixels = "rgb"
    rgb = client.get_frame(5)
    assert bgr is not None
    assert gray is not None
    assert rgb is not None
    assert gray.shape == (180, 320)
    assert rgb.shape == (180, 320, 3)
    assert code_blocks.decode(gray) is not None
    # Two pictures apart, so only nearly the same.
    assert difference(gray, cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)) < 30
    assert difference(rgb[..., ::-1], bgr) < difference(rgb, bgr) / 2


def test_one_side_is_enough_for_a_size(client: RTSPStreamClient) -> None:
    client.size = (160, None)
    frame = client.get_frame(5)
    assert frame is not None
    assert frame.shape == (90, 160, 3)


def test_no_more_frames_than_asked_for(client: RTSPStreamClient) -> None:
    client.fps = 5
    assert client.get_frame(5) is not None
    started, times = time.monotonic(), []
    while time.monotonic() - started < 3:
        if client.get_frame(1) is not None:
            times.append(time.monotonic())
    assert 12 <= len(times) <= 16
    assert client.age is not None
    assert client.age < 0.5, "the newest, however few are read"


def test_an_iteration_ends_with_the_reason(site: Site, client: RTSPStreamClient) -> None:
    assert client.get_frame(5) is not None
    frames = client.frames(timeout=0.6)
    assert next(frames) is not None
    site.cameras.freeze()
    read = list(islice(until_it_raises(frames, NoFrame), 200))
    assert len(read) < 200


def test_a_snapshot_is_a_picture_file(site: Site, client: RTSPStreamClient, tmp_path: Path) -> None:
    jpeg = client.snapshot()
    assert jpeg[:3] == b"\xff\xd8\xff"
    file = tmp_path / "door.png"
    assert client.snapshot(file) == file.read_bytes()
    picture = cv2.imread(str(file))
    assert picture is not None
    assert picture.shape == (180, 320, 3)
    client.size = (160, 90)
    assert cv2.imdecode(np.frombuffer(client.snapshot(format="webp"), np.uint8), 1).shape == (90, 160, 3)
    with pytest.raises(InvalidRequest):
        client.snapshot(tmp_path / "door.gif")
    with pytest.raises(StreamNotFound):
        RTSPStreamClient(site.server.url, "nobody").snapshot()
    assert client.stop_stream()


def test_a_reader_outlives_the_server(site: Site, client: RTSPStreamClient) -> None:
    assert client.get_frame(5) is not None
    site.server.restart()
    frame = client.get_frame(10)
    assert frame is not None
    assert client.last_error is None


def test_a_stream_that_was_removed_is_started_again_by_who_started_it(site: Site, client: RTSPStreamClient) -> None:
    assert client.get_frame(5) is not None
    site.server.ask("DELETE", "/api/streams/cam/force")
    assert client.get_frame(8) is not None
    assert client.stop_stream()
    assert client.get_frame(0.5) is None
    assert isinstance(client.last_error, StreamNotFound)
    assert site.server.streams() == []


def test_who_is_disconnected_stays_away(site: Site, client: RTSPStreamClient) -> None:
    assert client.get_frame(5) is not None
    site.cameras.freeze()

    def kick() -> None:
        (consumer,) = eventually(lambda: site.server.ask("GET", "/api/streams/cam/consumers").json["consumers"])
        time.sleep(0.3)
        assert site.server.ask("DELETE", f"/api/streams/cam/consumers/{consumer['id']}").status == 204

    kicking = threading.Thread(target=kick)
    kicking.start()
    assert len(list(islice(until_it_raises(client.frames(), ConsumerKicked), 200))) < 200
    kicking.join()


def test_the_cameras_of_a_server(site: Site) -> None:
    with Server(site.server.url) as fanlight:
        assert fanlight.info()["name"] == "fanlight"
        assert fanlight.streams() == []
        told = fanlight.add("door", site.cameras.url(), width=320, height=180)
        assert told["stream_id"] == "door"
        assert [stream["stream_id"] for stream in fanlight.streams()] == ["door"]
        with fanlight.client("door", pixels="gray") as client:
            frame = client.get_frame(5)
            assert frame is not None
            assert frame.shape == (180, 320)
            (consumer,) = fanlight.consumers("door")
            assert consumer["name"].startswith("fanlight-python/")
            with pytest.raises(StreamInUse):
                fanlight.remove("door")
        probed = fanlight.probe(site.cameras.url())
        assert (probed["video"]["codec"], probed["video"]["width"]) == ("h264", 640)
        fanlight.remove("door", force=True)
        with pytest.raises(StreamNotFound):
            fanlight.stream("door")

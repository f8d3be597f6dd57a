"""The Python client against a real server and real cameras."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from fanlight import (
    AuthFailed,
    InvalidRequest,
    RTSPStreamClient,
    StreamExists,
    StreamNotFound,
    VideoCapture,
    __version__,
)

from rig import code_blocks
from rig.camera import Cameras, free_port
from rig.server import ROOT, Server
from rig.site import Site
from rig.waiting import eventually

#: It measures, and what runs beside it would be measured too.
pytestmark = pytest.mark.alone

CANNY = ROOT / "clients" / "python" / "examples" / "canny.py"


@pytest.fixture
def client(site: Site) -> Iterator[RTSPStreamClient]:
    with RTSPStreamClient(site.server.url, "cam") as connected:
        yield connected


@pytest.fixture
def at_site(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The site, as the one that VideoCapture finds."""
    monkeypatch.setenv("FANLIGHT_URL", site.server.url)
    return site


# RTSPStreamClient


def test_an_old_script_runs_unchanged(site: Site) -> None:
    from python_client import RTSPStreamClient as OldName

    with OldName(f"http://localhost:{site.server.port}", "camera1") as client:
        assert client.start_stream(site.cameras.url(), 640, 480)
        assert client.start_receiving()
        numbers = []
        while len(numbers) < 20:
            frame = client.get_frame(timeout=5.0)
            assert frame is not None
            assert frame.shape == (480, 640, 3)
            numbers.append(code_blocks.decode(frame))
        stats = client.get_stats()
        assert stats["client_count"] == 1
        assert client.stop_stream() is True
    assert None not in numbers
    assert len(set(numbers)) == 20
    assert site.server.streams() == []


def test_a_frame_belongs_to_its_caller(site: Site, client: RTSPStreamClient) -> None:
    client.start_stream(site.cameras.url(), 320, 180)
    first = client.get_frame(5)
    assert first is not None
    assert (first.shape, first.dtype) == ((180, 320, 3), np.uint8)
    assert first.flags.owndata
    assert first.flags.writeable
    assert first.flags.c_contiguous
    first[:] = 7
    second = client.get_frame(5)
    assert second is not None
    assert (first == 7).all()
    assert not (second == 7).all()


def test_every_frame_is_told_apart(site: Site, client: RTSPStreamClient) -> None:
    client.start_stream(site.cameras.url())
    assert (client.last_sequence, client.last_captured_at, client.age) == (None, None, None)
    sequences, captured = [], []
    for _ in range(25):
        assert client.get_frame(5) is not None
        sequences.append(client.last_sequence)
        captured.append(client.last_captured_at)
        assert client.age is not None
        assert client.age < 0.5
    assert sequences == sorted(set(sequences))
    assert captured == sorted(set(captured))
    time.sleep(0.4)
    before = client.last_sequence
    assert client.get_frame(5) is not None
    assert client.last_gap == client.last_sequence - before - 1
    assert client.last_gap >= 5


@pytest.mark.parametrize("timeout", [0.0, 0.02, 0.3, 1.2])
def test_a_timeout_is_kept(site: Site, client: RTSPStreamClient, timeout: float) -> None:
    client.start_stream(site.cameras.url())
    assert client.get_frame(5) is not None
    site.cameras.freeze()
    eventually(lambda: client.get_frame(0.3) is None)
    started = time.monotonic()
    assert client.get_frame(timeout) is None
    assert 0.6 * timeout < time.monotonic() - started < timeout + 0.1
    assert client.last_error is None


def test_polling_without_waiting_sees_every_frame(site: Site, client: RTSPStreamClient) -> None:
    client.start_stream(site.cameras.url())
    assert client.get_frame(5) is not None
    frames, started = 0, time.monotonic()
    while time.monotonic() - started < 2:
        frames += client.get_frame(0) is not None
        time.sleep(0.005)
    assert frames >= 45


def test_leaving_disconnects_and_leaves_the_stream(site: Site) -> None:
    with RTSPStreamClient(site.server.url, "cam") as client:
        client.start_stream(site.cameras.url())
        assert client.get_frame(5) is not None
    stream = eventually(lambda: site.server.stream("cam"))
    assert stream["is_running"]
    eventually(lambda: site.server.stream("cam")["client_count"] == 0)


def test_a_stream_that_others_read_is_not_stopped(site: Site, client: RTSPStreamClient) -> None:
    client.start_stream(site.cameras.url())
    assert client.get_frame(5) is not None
    with RTSPStreamClient(site.server.url, "cam") as other:
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                other.get_frame(1)

        reading = threading.Thread(target=read)
        reading.start()
        try:
            eventually(lambda: site.server.stream("cam")["client_count"] == 2)
            assert client.stop_stream() is False
            assert client.get_frame(5) is not None
        finally:
            done.set()
            reading.join()
    eventually(client.stop_stream)
    assert client.stop_stream() is True, "a stream that is gone already is stopped"


def test_two_readers_each_get_every_frame(site: Site) -> None:
    with RTSPStreamClient(site.server.url, "cam") as one, RTSPStreamClient(site.server.url, "cam") as other:
        one.start_stream(site.cameras.url())
        other.start_stream(site.cameras.url())
        counts = {id(one): 0, id(other): 0}

        def read(client: RTSPStreamClient) -> None:
            deadline = time.monotonic() + 3
            while time.monotonic() < deadline:
                counts[id(client)] += client.get_frame(1) is not None

        one.get_frame(5)
        threads = [threading.Thread(target=read, args=(client,)) for client in (one, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert min(counts.values()) >= 70


def test_errors_are_told_by_their_kind(site: Site, client: RTSPStreamClient) -> None:
    with pytest.raises(StreamNotFound) as unknown:
        client.start_receiving()
    assert unknown.value.code == "stream_not_found"
    with pytest.raises(StreamNotFound):
        client.get_frame(1)
    with pytest.raises(InvalidRequest) as scheme:
        client.start_stream("ftp://127.0.0.1/x")
    assert scheme.value.code == "unsupported_scheme"
    with pytest.raises(InvalidRequest):
        client.start_stream(site.cameras.url(), width=-1)
    client.start_stream(site.cameras.url(0))
    with pytest.raises(StreamExists):
        client.start_stream(site.cameras.url(1))


def test_a_reader_names_its_script(site: Site, client: RTSPStreamClient) -> None:
    client.start_stream(site.cameras.url())
    assert client.get_frame(5) is not None
    client.close()
    script = os.path.basename(sys.argv[0])
    eventually(lambda: f"fanlight-python/{__version__} ({script}; pid {os.getpid()})" in site.server.log())


def test_a_camera_that_refuses_the_password_is_told(
    site: Site, camera: Callable[..., Cameras], client: RTSPStreamClient
) -> None:
    client.start_stream(camera(user="viewer", password="right").url(password="wrong"))
    eventually(lambda: client.get_frame(0.2) is None and isinstance(client.last_error, AuthFailed), within=8)
    assert "password" in str(client.last_error)


# VideoCapture


def test_a_capture_shows_what_opencv_shows(at_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")
    url = at_site.cameras.url()
    theirs, ours = cv2.VideoCapture(url, cv2.CAP_FFMPEG), VideoCapture(url)
    assert ours.isOpened()
    for prop in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FOURCC):
        assert ours.get(prop) == theirs.get(prop)
    assert ours.get(cv2.CAP_PROP_FPS) == pytest.approx(25, abs=1.5)

    pictures: dict[int, np.ndarray] = {}
    for _ in range(50):
        ok, frame = theirs.read()
        assert ok
        pictures[code_blocks.decode(frame)] = frame
    compared = 0
    for _ in range(100):
        ok, frame = ours.read()
        assert ok
        assert frame is not None
        number = code_blocks.decode(frame)
        assert number is not None
        while number not in pictures and (number - max(pictures)) % at_site.cameras.clip.frames < 60:
            ok, other = theirs.read()
            assert ok
            pictures[code_blocks.decode(other)] = other
        if number in pictures:
            assert frame.shape == pictures[number].shape
            difference = np.abs(frame.astype(int) - pictures[number].astype(int))
            assert difference.mean() < 3, "the same picture, but for rounding"
            compared += 1
        if compared >= 10:
            break
    assert compared >= 10
    theirs.release()
    ours.release()


def test_a_capture_starts_a_missing_stream_and_leaves_it(at_site: Site) -> None:
    from video_import import VideoCapture as OldName

    capture = OldName(at_site.cameras.url())
    ok, frame = capture.read()
    assert ok
    assert frame is not None
    assert frame.shape == (360, 640, 3)
    capture.release()
    assert not capture.isOpened()
    assert capture.read() == (False, None)
    (stream,) = at_site.server.streams()
    assert stream["stream_id"].startswith("stream_")
    assert at_site.cameras.connections().open == 1


def test_a_capture_grabs_retrieves_and_scales(at_site: Site) -> None:
    capture = VideoCapture(at_site.cameras.url())
    assert capture.retrieve() == (False, None)
    assert capture.grab()
    ok, first = capture.retrieve()
    again = capture.retrieve()[1]
    assert ok
    assert first is not None
    assert again is not None
    assert (first == again).all()
    assert first is not again
    start = capture.get(cv2.CAP_PROP_POS_MSEC)
    for _ in range(10):
        assert capture.read()[0]
    assert 300 < capture.get(cv2.CAP_PROP_POS_MSEC) - start < 900
    assert capture.get(cv2.CAP_PROP_POS_FRAMES) >= 10

    assert capture.set(cv2.CAP_PROP_FRAME_WIDTH, 320)
    assert capture.get(cv2.CAP_PROP_FRAME_HEIGHT) == 180
    ok, small = capture.read()
    assert ok
    assert small is not None
    assert small.shape == (180, 320, 3)
    assert capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    assert not capture.set(cv2.CAP_PROP_BRIGHTNESS, 1)
    assert capture.get(cv2.CAP_PROP_BRIGHTNESS) == 0
    capture.release()


def test_other_sources_go_to_opencv(at_site: Site, tmp_path: Path) -> None:
    file = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for shade in range(0, 250, 50):
        writer.write(np.full((48, 64, 3), shade, np.uint8))
    writer.release()
    capture = VideoCapture(str(file))
    assert capture.isOpened()
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 5
    assert sum(capture.read()[0] for _ in range(7)) == 5
    capture.release()
    assert not VideoCapture(str(tmp_path / "nothing.avi")).isOpened()
    assert at_site.server.streams() == []


def test_a_capture_tells_the_truth_about_a_dead_camera(at_site: Site, camera: Callable[..., Cameras]) -> None:
    dying = camera()
    capture = VideoCapture(dying.url())
    assert capture.read()[0]
    assert capture.set(cv2.CAP_PROP_READ_TIMEOUT_MSEC, 600)
    dying.kill()

    def dead() -> bool:
        started = time.monotonic()
        ok, frame = capture.read()
        assert time.monotonic() - started < 0.8
        assert (frame is not None) == ok
        return not ok

    eventually(dead, within=5)
    eventually(lambda: not capture.isOpened(), within=8)
    dying.start()
    eventually(lambda: capture.read()[0], within=8)
    assert capture.isOpened()
    capture.release()


@pytest.mark.parametrize("what", ["password", "path", "address"])
def test_a_capture_of_a_camera_that_does_not_work(at_site: Site, camera: Callable[..., Cameras], what: str) -> None:
    guarded = camera(user="viewer", password="right")
    url, code = {
        "password": (guarded.url(password="wrong"), "auth_failed"),
        "path": (guarded.url(path="nothing"), "camera_not_found"),
        "address": (f"rtsp://127.0.0.1:{free_port()}/stream", "camera_unreachable"),
    }[what]
    capture = VideoCapture(url, params=[cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 4000])
    assert not capture.isOpened()
    assert capture.last_error is not None
    assert capture.last_error.code == code
    capture.set(cv2.CAP_PROP_READ_TIMEOUT_MSEC, 300)
    assert capture.read() == (False, None)
    capture.release()


# The example


def canny(site: Site, *arguments: str) -> subprocess.Popen[str]:
    environment = os.environ | {"FANLIGHT_URL": site.server.url}
    environment.pop("DISPLAY", None)
    return subprocess.Popen(
        [sys.executable, str(CANNY), *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_example_finds_edges(site: Site, tmp_path: Path) -> None:
    picture = tmp_path / "edges.png"
    run = canny(site, site.cameras.url(), "--headless", "30", "--save", str(picture))
    out, err = run.communicate(timeout=20)
    assert run.returncode == 0, err
    assert "30 frames" in out
    edges = cv2.imread(str(picture), cv2.IMREAD_GRAYSCALE)
    assert edges.shape == (360, 640)
    assert 0 < (edges > 0).mean() < 0.5


def test_the_example_ends_on_ctrl_c(site: Site) -> None:
    run = canny(site, site.cameras.url(), "--headless", "100000")
    eventually(lambda: any(s["client_count"] for s in site.server.streams()), within=10)
    time.sleep(0.5)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=5)
    assert run.returncode == 0, err
    assert "frames" in out
    assert "Traceback" not in err


def test_the_example_says_what_is_wrong(site: Site) -> None:
    run = canny(site, f"rtsp://127.0.0.1:{free_port()}/stream", "--headless", "3")
    _, err = run.communicate(timeout=20)
    assert run.returncode == 1
    assert "cannot be opened" in err
    assert "Traceback" not in err


def test_frames_of_a_server_that_is_not_on_this_machine_by_name(server: Callable[..., Server]) -> None:
    fanlight = server()
    for host in ("localhost", "127.0.0.1"):
        with RTSPStreamClient(f"http://{host}:{fanlight.port}", "demo") as client:
            client.start_stream("demo:", 320, 240)
            frame = client.get_frame(8)
            assert frame is not None
            assert frame.shape == (240, 320, 3)

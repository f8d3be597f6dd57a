"""VideoCapture in the hands of code that was written for OpenCV and cannot be edited."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import cv2
import fanlight
import numpy as np
import pytest
from fanlight import FanlightError, VideoCapture

from rig import code_blocks
from rig.camera import Cameras, free_port
from rig.site import Site
from rig.waiting import eventually

#: It measures, and what runs beside it would be measured too.
pytestmark = [pytest.mark.alone, pytest.mark.usefixtures("at_site")]


@pytest.fixture
def at_site(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The site, as the one that VideoCapture finds."""
    monkeypatch.setenv("FANLIGHT_URL", site.server.url)
    return site


@pytest.fixture
def installed() -> Iterator[None]:
    fanlight.install()
    yield
    fanlight.uninstall()


@pytest.fixture
def clip_file(tmp_path: Path) -> Path:
    file = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for shade in range(0, 250, 50):
        writer.write(np.full((48, 64, 3), shade, np.uint8))
    writer.release()
    return file


# Ways to open


@pytest.mark.parametrize(
    "opened",
    [
        lambda url: VideoCapture(url),
        lambda url: VideoCapture(url, cv2.CAP_FFMPEG),
        lambda url: VideoCapture(url, cv2.CAP_ANY, [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 8000]),
        lambda url: VideoCapture(filename=url, apiPreference=cv2.CAP_FFMPEG, params=[]),
        lambda url: opened_later(url),
    ],
)
def test_every_way_to_open(site: Site, opened: Callable[[str], VideoCapture]) -> None:
    capture = opened(site.cameras.url())
    assert capture.isOpened()
    assert capture.getBackendName() == "FANLIGHT"
    ok, frame = capture.read()
    assert ok
    assert type(frame) is np.ndarray, "as cv2 returns one, for code that looks at the type"
    capture.release()


def opened_later(url: str) -> VideoCapture:
    capture = VideoCapture()
    assert not capture.isOpened()
    assert capture.open(url, cv2.CAP_ANY)
    return capture


@pytest.mark.parametrize("source", ["door", "fanlight:door"])
def test_a_stream_of_the_server_is_opened_by_its_id(site: Site, source: str) -> None:
    site.add("door", width=320, height=180)
    capture = VideoCapture(source)
    assert capture.isOpened()
    assert capture.read()[0]
    assert capture.get(cv2.CAP_PROP_FRAME_WIDTH) == 640, "the camera's own size"
    capture.release()
    assert [stream["stream_id"] for stream in site.server.streams()] == ["door"]


def test_a_file_goes_before_a_stream_of_its_name(site: Site, clip_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site.add("door")
    clip_file.rename(clip_file.with_name("door"))
    monkeypatch.chdir(clip_file.parent)
    capture = VideoCapture("door")
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 5
    capture.release()


def test_what_nobody_knows_is_not_open() -> None:
    for source in ("nobody", "fanlight:nobody"):
        capture = VideoCapture(source)
        assert not capture.isOpened()
        assert capture.read() == (False, None)


# Properties


def test_properties_that_scripts_ask_for(site: Site) -> None:
    capture = VideoCapture(site.cameras.url())
    assert 0 < capture.get(cv2.CAP_PROP_FPS) < 60, "a camera that has just connected"
    eventually(lambda: capture.get(cv2.CAP_PROP_FPS) == pytest.approx(25, abs=1.5))
    assert (capture.get(cv2.CAP_PROP_POS_FRAMES), capture.get(cv2.CAP_PROP_POS_MSEC)) == (0, 0)
    assert capture.read()[0]
    assert capture.get(cv2.CAP_PROP_POS_FRAMES) == 1
    first = capture.last_captured_at
    time.sleep(0.5)
    assert capture.read()[0]
    assert capture.get(cv2.CAP_PROP_POS_FRAMES) >= 10, "those that were missed count"
    assert first is not None
    assert capture.last_captured_at is not None
    assert capture.get(cv2.CAP_PROP_POS_MSEC) == pytest.approx(1000 * (capture.last_captured_at - first))
    assert capture.get(cv2.CAP_PROP_BUFFERSIZE) == 1
    assert capture.get(cv2.CAP_PROP_BITRATE) > 0
    assert capture.set(cv2.CAP_PROP_CONVERT_RGB, 1)
    assert not capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
    capture.release()


def test_a_rate_can_be_set(site: Site) -> None:
    capture = VideoCapture(site.cameras.url())
    assert capture.set(cv2.CAP_PROP_FPS, 5)
    assert capture.get(cv2.CAP_PROP_FPS) == 5
    assert capture.read()[0]
    started = time.monotonic()
    for _ in range(10):
        assert capture.read()[0]
    assert 1.6 < time.monotonic() - started < 3
    capture.release()


def test_pixels_are_read_into_the_callers_array(site: Site) -> None:
    capture = VideoCapture(site.cameras.url())
    image = np.zeros((360, 640, 3), np.uint8)
    ok, frame = capture.read(image)
    assert ok
    assert frame is image
    first = code_blocks.decode(image)
    assert capture.grab()
    ok, frame = capture.retrieve(image)
    assert ok
    assert frame is image
    assert first is not None
    assert code_blocks.decode(image) not in (first, None)
    capture.release()


# Failures


def test_exceptions_are_raised_when_wanted(site: Site) -> None:
    capture = VideoCapture()
    capture.setExceptionMode(True)
    assert capture.getExceptionMode()
    with pytest.raises(cv2.error, match="could not open"):
        capture.open(f"rtsp://viewer:secret@127.0.0.1:{free_port()}/stream")
    with pytest.raises(FanlightError) as failed:
        capture.read()
    assert failed.value.code == "camera_unreachable"
    assert "secret" not in str(failed.value)
    assert capture.open(site.cameras.url())
    with pytest.raises(cv2.error):
        capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
    with pytest.raises(cv2.error):
        capture.open("/nowhere/clip.avi")
    capture.setExceptionMode(False)
    assert not capture.open("/nowhere/clip.avi")


def test_a_capture_can_be_released_while_another_thread_reads(site: Site) -> None:
    capture = VideoCapture(site.cameras.url())
    assert capture.read()[0]
    site.cameras.freeze()
    ended = threading.Event()

    def read() -> None:
        while capture.isOpened() and capture.read()[0]:
            pass
        ended.set()

    threading.Thread(target=read, daemon=True).start()
    time.sleep(0.3)
    capture.release()
    assert ended.wait(7)


def test_a_capture_outlives_the_server(site: Site) -> None:
    capture = VideoCapture(site.cameras.url())
    assert capture.read()[0]
    site.server.stop()
    assert not capture.isOpened() or eventually(lambda: not capture.isOpened(), within=3)
    capture.set(cv2.CAP_PROP_READ_TIMEOUT_MSEC, 400)
    assert capture.read() == (False, None)
    # It forgets its cameras too: the capture starts its own again.
    site.server.cameras.unlink(missing_ok=True)
    site.server.start()
    eventually(lambda: capture.read()[0], within=10)
    assert capture.isOpened()
    capture.release()


def test_who_is_disconnected_stays_away(site: Site) -> None:
    site.add("door")
    capture = VideoCapture("door")
    assert capture.read()[0]
    site.cameras.freeze()

    def kick() -> None:
        (consumer,) = eventually(lambda: site.server.ask("GET", "/api/streams/door/consumers").json["consumers"])
        time.sleep(0.3)
        site.server.ask("DELETE", f"/api/streams/door/consumers/{consumer['id']}")

    threading.Thread(target=kick).start()
    started = time.monotonic()
    while capture.read()[0]:
        pass
    assert time.monotonic() - started < 4
    assert capture.last_error is not None
    assert capture.last_error.code == "consumer_kicked"
    site.cameras.thaw()
    assert not capture.isOpened()
    assert capture.read() == (False, None)
    assert capture.open("door"), "who opens it anew means it"
    capture.release()


# Several cameras


def test_whoever_has_a_frame_first_is_told(site: Site) -> None:
    captures = [VideoCapture(site.cameras.url(camera)) for camera in (0, 1)]
    assert all(capture.read()[0] for capture in captures)
    seen: dict[int, list[int]] = {0: [], 1: []}
    started = time.monotonic()
    while time.monotonic() - started < 2:
        ok, ready = VideoCapture.waitAny(captures, 1_000_000_000)
        assert ok
        assert ready
        for which in ready:
            ok, frame = captures[which].retrieve()
            assert ok
            number = code_blocks.decode(frame)
            assert number is not None
            seen[which].append(number)
    for numbers in seen.values():
        assert len(numbers) == len(set(numbers)), "no frame twice"
        assert len(numbers) >= 35
    site.cameras.freeze()
    eventually(lambda: VideoCapture.waitAny(captures, 100_000_000) == (False, []))
    assert not captures[0].retrieve()[0]
    site.cameras.thaw()
    assert VideoCapture.waitAny(captures)[0]
    for which in (0, 1):
        assert captures[which].read()[0], "what waitAny still asked for is taken up"
        capture_age = time.time() - (captures[which].last_captured_at or 0)
        assert capture_age < 1
    with pytest.raises(FanlightError):
        VideoCapture.waitAny([captures[0], VideoCapture()])
    for capture in captures:
        capture.release()


# In other people's code


@pytest.mark.usefixtures("installed")
def test_cv2_video_capture_is_ours_while_installed(site: Site, clip_file: Path) -> None:
    fanlight.install()
    capture = cv2.VideoCapture(site.cameras.url())
    assert isinstance(capture, VideoCapture)
    assert isinstance(capture, cv2.VideoCapture)
    assert capture.read()[0]
    capture.release()
    file = cv2.VideoCapture(str(clip_file))
    assert file.get(cv2.CAP_PROP_FRAME_COUNT) == 5
    assert file.read()[0]
    file.release()


def test_uninstalling_puts_opencv_back(installed: None) -> None:
    fanlight.uninstall()
    assert cv2.VideoCapture is not VideoCapture
    fanlight.uninstall()
    assert isinstance(VideoCapture("/nowhere/clip.avi"), VideoCapture)


def frames_of(source: str, stride: int = 1) -> Iterator[np.ndarray]:
    """A generator over a source as supervision has one."""
    video = cv2.VideoCapture(source)
    if not video.isOpened():
        raise OSError(f"Could not open video at {source}")
    while True:
        success, frame = video.read()
        if not success:
            break
        yield frame
        for _ in range(stride - 1):
            if not video.grab():
                break
    video.release()


@pytest.mark.usefixtures("installed")
def test_a_loop_like_that_of_supervision(site: Site) -> None:
    numbers = []
    for frame in frames_of(site.cameras.url(), stride=3):
        assert frame.shape == (360, 640, 3)
        numbers.append(code_blocks.decode(frame))
        if len(numbers) == 5:
            break
    assert None not in numbers
    assert all((b - a) % site.cameras.clip.frames >= 3 for a, b in pairwise(numbers))


class Streams:
    """Several sources at once, read in threads of their own, as ultralytics loads them."""

    def __init__(self, sources: list[str], vid_stride: int = 1) -> None:
        self.running, self.stride = True, vid_stride
        self.captures, self.images, self.shapes, self.fps, self.threads = [], [], [], [], []
        for number, source in enumerate(sources):
            capture = cv2.VideoCapture(source)
            if not capture.isOpened():
                raise ConnectionError(f"Failed to open {source}")
            width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
            height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
            fps = capture.get(cv2.CAP_PROP_FPS)
            count = max(int(capture.get(cv2.CAP_PROP_FRAME_COUNT)), 0) or float("inf")
            success, image = capture.read()
            if not success or image is None:
                raise ConnectionError(f"Failed to read images from {source}")
            self.captures.append(capture)
            self.images.append([image])
            self.shapes.append((height, width, 3))
            self.fps.append(max((fps if np.isfinite(fps) else 0) % 100, 0) or 30)
            self.threads.append(
                threading.Thread(target=self.update, args=(number, capture, source, count), daemon=True)
            )
            self.threads[-1].start()

    def update(self, number: int, capture: cv2.VideoCapture, source: str, count: float) -> None:
        n = 0
        while self.running and capture.isOpened() and n < count - 1:
            if len(self.images[number]) < 30:
                n += 1
                capture.grab()
                if n % self.stride == 0:
                    success, image = capture.retrieve()
                    if not success:
                        image = np.zeros(self.shapes[number], np.uint8)
                        capture.open(source)
                    self.images[number].append(image)
            else:
                time.sleep(0.01)

    def __iter__(self) -> Iterator[list[np.ndarray]]:
        while all(thread.is_alive() for thread in self.threads):
            while not all(self.images):
                time.sleep(0.002)
            yield [images.pop(0) for images in self.images]

    def close(self) -> None:
        self.running = False
        for thread in self.threads:
            thread.join(timeout=5)
        for capture in self.captures:
            capture.release()


@pytest.mark.usefixtures("installed")
def test_a_loop_like_that_of_ultralytics(site: Site) -> None:
    streams = Streams([site.cameras.url(0), site.cameras.url(1)])
    assert streams.shapes == [(360, 640, 3)] * 2
    assert all(fps > 0 for fps in streams.fps)
    seen: list[list[int | None]] = []
    for images in streams:
        seen.append([code_blocks.decode(image) for image in images])
        if len(seen) == 20:
            break
    streams.close()
    for numbers in zip(*seen):
        assert None not in numbers
        assert len(set(numbers)) == 20
    eventually(lambda: all(s["client_count"] == 0 for s in site.server.streams()))


def test_a_camera_that_dies_and_comes_back_under_such_a_loop(installed: None, camera: Callable[..., Cameras]) -> None:
    dying = camera()
    capture = cv2.VideoCapture(dying.url())
    assert capture.read()[0]
    capture.set(cv2.CAP_PROP_READ_TIMEOUT_MSEC, 500)
    dying.kill()
    eventually(lambda: not capture.read()[0])
    dying.start()
    eventually(lambda: capture.open(dying.url()) and capture.read()[0], within=15)
    capture.release()


def test_no_thread_runs_in_the_background(site: Site) -> None:
    code = (
        "import threading, fanlight\n"
        f"capture = fanlight.VideoCapture({site.cameras.url()!r})\n"
        "assert capture.read()[0]\n"
        "print(threading.active_count())"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert told.stdout.strip() == "1", told.stderr

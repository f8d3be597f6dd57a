"""The rig itself: tests stand on its numbers, so they are checked against OpenCV's own reader."""

import os
import time
from collections.abc import Callable
from itertools import pairwise

import cv2
import pytest

from rig import code_blocks
from rig.camera import Cameras
from rig.waiting import eventually

os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "rtsp_transport;tcp"


def opened(url: str) -> bool:
    capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG)
    try:
        return bool(capture.isOpened())
    finally:
        capture.release()


def test_a_camera_paints_its_numbers_and_counts_its_clients(camera: Callable[..., Cameras]) -> None:
    simulated = camera(cameras=2, audio=True)
    capture = cv2.VideoCapture(simulated.url(1), cv2.CAP_FFMPEG)
    numbers = [code_blocks.decode(capture.read()[1]) for _ in range(30)]
    assert None not in numbers
    assert all((b - a) % simulated.clip.frames == 1 for a, b in pairwise(numbers))
    sent = simulated.schedule.t_of(simulated.schedule.n_of(numbers[-1], time.time()))
    assert 0 < time.time() - sent < 1.5
    assert simulated.connections(1).open == simulated.connections(1).most == 1
    assert simulated.connections(0).ever == 0
    capture.release()
    eventually(lambda: simulated.connections(1).open == 0)
    assert simulated.connections(1).ever == 1


@pytest.mark.parametrize("auth", ["basic", "digest"])
def test_a_camera_can_ask_for_a_password(camera: Callable[..., Cameras], auth: str) -> None:
    simulated = camera(user="viewer", password="p@ss:word/%", auth=auth)
    assert not opened(simulated.url(password="wrong"))
    assert not opened(f"rtsp://127.0.0.1:{simulated.port}/cam0")
    assert opened(simulated.url())


def test_a_camera_knows_only_its_paths(camera: Callable[..., Cameras]) -> None:
    assert not opened(camera().url(path="cam7"))


def test_a_camera_freezes_and_comes_back(camera: Callable[..., Cameras]) -> None:
    simulated = camera()
    t0 = simulated.t0
    simulated.freeze()
    simulated.thaw()
    simulated.restart()
    assert opened(simulated.url())
    assert simulated.t0 == t0

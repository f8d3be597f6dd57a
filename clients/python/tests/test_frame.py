"""Frames as arrays that know which picture they are."""

from __future__ import annotations

import copy
import pickle
import time

import numpy as np
import pytest

from fanlight import Frame, InvalidRequest, RTSPStreamClient, _pixels
from fanlight._protocol import FrameHeader

HEADER = FrameHeader(41, 1_700_000_000_500_000_000, 6, 4, 2, "camera", "main")


@pytest.fixture
def frame() -> Frame:
    made = Frame.empty((4, 6, 3), HEADER, "door")
    made[:] = 7
    return made


def test_a_frame_knows_which_picture_it_is(frame: Frame) -> None:
    assert (frame.sequence, frame.gap, frame.clock, frame.stream) == (41, 2, "camera", "main")
    assert frame.captured_at == 1_700_000_000.5
    assert frame.age == pytest.approx(time.time() - 1_700_000_000.5, abs=1)
    assert frame.stream_id == "door"
    assert frame.flags.owndata


def test_crops_and_copies_still_know_it(frame: Frame) -> None:
    for part in (frame[1:3, 2:], frame.copy(), copy.deepcopy(frame), pickle.loads(pickle.dumps(frame))):
        assert isinstance(part, Frame)
        assert (part.sequence, part.stream_id) == (41, "door")
        assert (part == 7).all()


def test_what_is_computed_from_it_is_plain(frame: Frame) -> None:
    assert type(frame + 1) is np.ndarray
    assert type(frame > 3) is np.ndarray
    assert type(frame.mean(axis=2)) is np.ndarray
    assert type(frame.mean()) is np.float64
    same = frame
    same += 1
    assert same is frame
    assert (frame == 8).all()


def test_a_frame_is_no_stranger_to_opencv(frame: Frame) -> None:
    cv2 = pytest.importorskip("cv2")
    assert cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY).shape == (4, 6)
    cv2.rectangle(frame, (0, 0), (5, 3), (1, 2, 3))
    assert tuple(frame[0, 0]) == (1, 2, 3)


@pytest.mark.parametrize("with_opencv", [True, False])
@pytest.mark.parametrize("height", [4, 16, 37])
def test_other_layouts(with_opencv: bool, height: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if not with_opencv:
        monkeypatch.setattr(_pixels, "_opencv", lambda: None)
    bgr = np.random.default_rng(1).integers(0, 256, (height, 6, 3), np.uint8)
    rgb, gray = np.empty_like(bgr), np.empty((height, 6), np.uint8)
    _pixels.convert(bgr, "rgb", rgb)
    _pixels.convert(bgr, "gray", gray)
    assert (rgb == bgr[..., ::-1]).all()
    expected = bgr @ np.array([0.114, 0.587, 0.299])
    assert np.abs(gray - expected).max() < 1.6


def test_a_layout_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        RTSPStreamClient("http://127.0.0.1:1", "cam", pixels="yuv")  # type: ignore[arg-type]


@pytest.mark.parametrize("fps", [0, -1, 1001])
def test_a_rate_that_is_none_is_refused(fps: float) -> None:
    with pytest.raises(InvalidRequest):
        RTSPStreamClient("http://127.0.0.1:1", "cam", fps=fps)

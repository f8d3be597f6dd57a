"""Which frames go together: cameras as lists of capture times, in milliseconds."""

from __future__ import annotations

import pytest

from fanlight import Frame
from fanlight._matching import Matching
from fanlight._protocol import FrameHeader


def frame(milliseconds: int, gap: int = 0) -> Frame:
    header = FrameHeader(milliseconds, milliseconds * 1_000_000, 1, 1, gap)
    return Frame.empty((1, 1, 3), header, "cam")


@pytest.mark.parametrize(
    ("tolerance", "came", "expected"),
    [
        # As they come: (camera, captured at). Two cameras, nearly in step.
        (20, [(0, 0), (1, 5)], (0, 5)),
        # The second is half a frame late: the next one of the first is as far away.
        (20, [(0, 0), (1, 20)], (0, 20)),
        (10, [(0, 0), (1, 20), (0, 40), (1, 60)], None),
        # A slow camera: the fast one's frame of that time is still there when its frame comes.
        (10, [(0, 0), (1, 100), (0, 40), (0, 80), (0, 120), (0, 160)], None),
        (20, [(0, 0), (0, 40), (0, 80), (0, 120), (0, 160), (1, 82)], (80, 82)),
        # What is long past is forgotten.
        (20, [(1, 0), *((0, 1000 + 40 * n) for n in range(10))], None),
        # Never is a camera left out.
        (20, [(0, 0), (0, 40)], None),
    ],
)
def test_frames_that_go_together(
    tolerance: int, came: list[tuple[int, int]], expected: tuple[int, ...] | None
) -> None:
    matching, found = Matching(2, tolerance / 1000), None
    for camera, at in came:
        found = found or matching.add([(camera, frame(at))])
    assert (tuple(f.sequence for f in found) if found else None) == expected


def test_what_is_passed_over_is_counted() -> None:
    matching = Matching(2, 0.02)
    assert matching.add([(0, frame(0, gap=2)), (0, frame(80, gap=1)), (0, frame(120))]) is None
    found = matching.add([(1, frame(82))])
    assert found is not None
    assert [each.sequence for each in found] == [80, 82]
    assert [each.gap for each in found] == [4, 0], "two before the first, it, and one after it"
    assert matching.passed_over == [1, 0], "the newest of the first camera"

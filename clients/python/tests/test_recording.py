"""A file of constant rate from frames that come as they come."""

from __future__ import annotations

import pytest

from fanlight.cli.recording import Timeline


@pytest.mark.parametrize(
    ("captured", "places"),
    [
        ([0.0, 0.1, 0.2, 0.3], [1, 1, 1, 1]),
        # Two were missed: the frame after them stands in for them, so that time stays time.
        ([0.0, 0.1, 0.4], [1, 1, 3]),
        # A camera that is faster than the file.
        ([0.0, 0.04, 0.08, 0.12, 0.16, 0.2], [1, 0, 1, 0, 1, 0]),
        # Jitter is no loss.
        ([0.0, 0.13, 0.18, 0.31], [1, 1, 1, 1]),
        # A clock that goes back writes nothing twice.
        ([0.0, 0.1, 0.05, 0.2], [1, 1, 0, 1]),
    ],
)
def test_each_frame_takes_its_place(captured: list[float], places: list[int]) -> None:
    timeline = Timeline(10)
    assert [timeline.places(100 + at) for at in captured] == places

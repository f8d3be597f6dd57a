"""What a reader asks next, and what answers mean for it: no socket, and a clock of its own."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from fanlight import errors
from fanlight._protocol import FrameHeader, start
from fanlight._reading import Exchange, Outcome, Pause, Reading, Step
from fanlight.frame import Frame


class Played:
    """A reading whose time passes as the test says."""

    def __init__(self) -> None:
        self.now = 100.0
        self.reading = Reading("cam", lambda: self.now)

    def read(self, *answers: Outcome | errors.FanlightError, timeout: float = 1.0) -> Frame | None:
        """Read with these answers, one after the other; pauses take the time they say."""
        steps, left = self.reading.frame(timeout), list(answers)
        self.asked: list[dict[str, str]] = []
        self.started = 0
        told: Outcome | errors.FanlightError | None = None
        try:
            while True:
                step: Step = steps.throw(told) if isinstance(told, Exception) else steps.send(told)
                told = None
                if isinstance(step, Pause):
                    self.now = max(self.now, step.until)
                else:
                    self._note(step)
                    assert left, "it asks once more than the test answers"
                    told = left.pop(0)
        except StopIteration as end:
            assert not left, "it did not ask as often as the test answers"
            return end.value  # type: ignore[no-any-return]

    def _note(self, step: Exchange) -> None:
        if step.allocate is None:
            self.started += 1
        else:
            query = parse_qs(urlsplit(step.request.path).query)
            self.asked.append({name: values[0] for name, values in query.items()})


@pytest.fixture
def played() -> Played:
    return Played()


def picture(sequence: int, gap: int = 0, *, is_old: bool = False, clock: str | None = None) -> Outcome:
    header = FrameHeader(sequence, sequence * 40_000_000, 4, 2, gap, clock)
    return Outcome(200, header=header, pixels=np.zeros((2, 4, 3), np.uint8), is_old=is_old)


NOTHING = Outcome(204)


def test_the_reason_is_kept_when_the_time_runs_out(played: Played) -> None:
    refused = errors.ConnectionFailed("refused")
    late = errors.ConnectionFailed("late", code=errors.TIMED_OUT)
    assert played.read(refused, late, timeout=0.2) is None
    assert played.reading.last_error is refused
    assert played.now == pytest.approx(100.2), "a server that is away is no reason to return early"


def test_each_frame_is_asked_after_the_last(played: Played) -> None:
    first = played.read(picture(5))
    assert first is not None
    assert "after" not in played.asked[0]
    assert played.asked[0]["wait"] == "900", "a tenth of a second is kept for the frame's way"
    second = played.read(picture(9, gap=3))
    assert played.asked[0]["after"] == "5"
    assert second is not None
    assert (second.sequence, second.gap) == (9, 3)


def test_nothing_in_time_is_none_and_no_error(played: Played) -> None:
    assert played.read(NOTHING, timeout=0.15) is None
    assert played.reading.last_error is None


@pytest.mark.parametrize(
    "error",
    [
        errors.ConnectionFailed("gone"),
        errors.CameraUnreachable("away"),
        errors.QuotaExceeded("full"),
        errors.ServerFailed("sorry"),
    ],
)
def test_what_passes_is_tried_again(played: Played, error: errors.FanlightError) -> None:
    frame = played.read(error, error, picture(1))
    assert frame is not None
    assert played.now == pytest.approx(100.2)
    assert played.read(error, timeout=0.05) is None
    assert played.reading.last_error is error


@pytest.mark.parametrize(
    "error",
    [
        errors.InvalidRequest("no"),
        errors.ConsumerKicked("out"),
        errors.ProtocolError("what"),
        errors.StreamNotFound("where"),
    ],
)
def test_what_does_not_pass_is_raised(played: Played, error: errors.FanlightError) -> None:
    with pytest.raises(type(error)):
        played.read(error)


def test_a_stream_that_the_server_lost_is_started_again(played: Played) -> None:
    played.reading.start = start("cam", "demo:")
    frame = played.read(errors.StreamNotFound("gone"), Outcome(200, b'{"stream_id": "cam2"}'), picture(1))
    assert frame is not None
    assert played.started == 1
    assert frame.stream_id == "cam2"


def test_a_stream_that_was_read_before_may_be_away_for_a_while(played: Played) -> None:
    played.read(picture(7))
    assert played.read(errors.StreamNotFound("gone"), picture(1)) is not None


def test_a_frame_that_lay_there_is_exchanged_for_a_newer_one(played: Played) -> None:
    frame = played.read(picture(5, gap=1, is_old=True), picture(9, gap=3))
    assert frame is not None
    assert played.asked[1] == {"after": "5", "wait": "0"}
    assert (frame.sequence, frame.gap) == (9, 1 + 1 + 3)
    kept = played.read(picture(12, gap=2, is_old=True), NOTHING)
    assert kept is not None
    assert (kept.sequence, kept.gap) == (12, 2)


def test_frames_that_nobody_was_handed_count_as_missed(played: Played) -> None:
    played.reading.passed_over = 3
    frame = played.read(picture(5, gap=1))
    assert frame is not None
    assert frame.gap == 4
    assert played.reading.last is not None
    assert played.reading.last.gap == 4
    assert played.reading.passed_over == 0


def test_a_rate_is_asked_for(played: Played) -> None:
    played.reading.fps = 2.5
    played.read(picture(1))
    assert played.asked[0]["fps"] == "2.5"


def test_a_rate_is_kept_to_where_the_server_does_not(played: Played) -> None:
    played.reading.fps = 5
    times = []
    for number in range(1, 5):
        assert played.read(picture(number)) is not None
        times.append(played.now)
        played.now += 0.03  # what the caller does with it
    assert np.diff(times) == pytest.approx([0.2, 0.2, 0.2])
    assert played.read(timeout=0.1) is None, "the next is due later than the caller waits"


def test_a_rate_is_left_to_a_server_that_keeps_it(played: Played) -> None:
    played.reading.fps = 5
    for number in range(1, 4):
        assert played.read(picture(number, clock="arrival")) is not None
    assert played.now == 100.0


def test_pixels_come_as_asked_for(played: Played) -> None:
    played.reading.pixels = "gray"
    frame = played.read(picture(1))
    assert frame is not None
    assert frame.shape == (2, 4)
    assert frame.sequence == 1

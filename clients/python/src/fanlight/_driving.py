"""Drives readings over blocking connections: one, or several at once without a thread."""

from __future__ import annotations

import selectors
import time
from collections.abc import Iterator, Sequence
from typing import Protocol

from fanlight._frames import Frames
from fanlight._reading import Exchange, Outcome, Reading, Step, Steps
from fanlight._transport import Transport
from fanlight.errors import FanlightError
from fanlight.frame import Frame


class Reader(Protocol):
    """What can be driven: a reading, and the connections for its two kinds of exchange."""

    _reading: Reading
    _frames: Frames
    _calls: Transport


def drive(reader: Reader, steps: Steps) -> Frame | None:
    """Take the steps one after the other."""
    told: Outcome | FanlightError | None = None
    while True:
        step, frame = _advance(steps, told)
        if step is None:
            return frame
        told = None
        if isinstance(step, Exchange):
            try:
                told = _connection(reader, step).exchange(step)
            except FanlightError as error:
                told = error
        else:
            time.sleep(max(0.0, step.until - time.monotonic()))


def arrivals(readers: Sequence[Reader], timeout: float) -> Iterator[list[tuple[int, Frame]]]:
    """Frames of several readers as they come, those that came together in one list.

    Each is told with its reader's number. Ends when the time is over; raises what reading one of them
    raises. What is still awaited then stays asked for, and the next read takes it up.
    """
    deadline = time.monotonic() + timeout
    runs = [_Run(reader, timeout) for reader in readers]
    while True:
        came = [(number, frame) for number, run in enumerate(runs) for frame in run.frames()]
        if came:
            yield came
        left = deadline - time.monotonic()
        if left <= 0:
            return
        for run in runs:
            if run.is_through:
                run.start(left)
        _wait(runs, deadline)


def _wait(runs: Sequence[_Run], deadline: float) -> None:
    """Until one of them can go on, or the deadline."""
    until = min([run.until for run in runs if run.until is not None] + [deadline])
    with selectors.DefaultSelector() as selector:
        for run in runs:
            if run.connection is not None:
                selector.register(run.connection.fileno(), selectors.EVENT_READ, run)
        for key, _ in selector.select(max(0.0, until - time.monotonic())):
            key.data.answered = True
    now = time.monotonic()
    for run in runs:
        # What is awaited when the time is over stays asked for.
        if run.answered or (run.until is not None and run.until <= now < deadline):
            run.go_on()


class _Run:
    """One reader on its way to its next frame."""

    def __init__(self, reader: Reader, timeout: float) -> None:
        self._reader = reader
        self._ready: list[Frame] = []
        self.start(timeout)

    def start(self, timeout: float) -> None:
        self._steps = self._reader._reading.frame(timeout)
        self._take(None)

    def frames(self) -> list[Frame]:
        """The frame that has come, once."""
        ready, self._ready = self._ready, []
        return ready

    def go_on(self) -> None:
        """Take the next step, whose time has come."""
        told: Outcome | FanlightError | None = None
        if isinstance(self._step, Exchange) and self.connection is not None:
            try:
                told = self.connection.finish(self._step)
            except FanlightError as error:
                told = error
        self._take(told)

    def _take(self, told: Outcome | FanlightError | None) -> None:
        while True:
            self.answered, self.until, self.connection = False, None, None
            self._step, frame = _advance(self._steps, told)
            self.is_through = self._step is None
            if frame is not None:
                self._ready.append(frame)
            if isinstance(self._step, Exchange):
                connection = _connection(self._reader, self._step)
                try:
                    connection.begin(self._step)
                except FanlightError as error:
                    told = error
                    continue
                # A deadline is a time to go on as well: the exchange then fails as late.
                self.connection, self.until = connection, self._step.deadline
            elif self._step is not None:
                self.until = self._step.until
            return


def _connection(reader: Reader, step: Exchange) -> Transport | Frames:
    return reader._calls if step.allocate is None else reader._frames


def _advance(steps: Steps, told: Outcome | FanlightError | None) -> tuple[Step | None, Frame | None]:
    """The next step, or the frame at the end of them."""
    try:
        if isinstance(told, FanlightError):
            return steps.throw(told), None
        return steps.send(told), None
    except StopIteration as end:
        return None, end.value

"""How frames of one stream are read: what to ask next, and what an answer or a failure means.

No sockets, no waiting, and no clock but the one it is given: `Reading.frame` yields what is to be
done and is sent what came of it, so that the blocking and the asyncio client read in the same way and
several readers can be driven at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import Union

import numpy as np

from fanlight import _protocol
from fanlight._pixels import Pixels, convert, shape
from fanlight._protocol import Array, FrameHeader, Request
from fanlight.errors import (
    TIMED_OUT,
    ConnectionFailed,
    ConsumerKicked,
    FanlightError,
    InvalidRequest,
    ProtocolError,
    QuotaExceeded,
    ServerFailed,
    StreamNotFound,
    StreamNotRunning,
)
from fanlight.frame import Frame

#: Seconds an exchange gets even when the caller has no time at all: what a frame takes on the wire.
LEAST_TIME = 0.05
#: The part of the caller's time kept for the frame's way, so the server's wait ends before the caller's.
_KEPT_PART, _KEPT_MOST = 0.25, 0.1
#: Seconds between tries while the server or the stream is away.
RETRY_PAUSE = 0.1

#: Where a frame's pixels go, once its header has come.
Allocate = Callable[[FrameHeader], Array]


@dataclass(frozen=True)
class Exchange:
    """Send a request and read its answer, all before the deadline (monotonic seconds)."""

    request: Request
    deadline: float
    #: Where to put the pixels of an answer that holds some.
    allocate: Allocate | None = None
    #: Whether pixels that lie in shared memory may be looked at there, read-only.
    view: bool = False

    @classmethod
    def within(cls, request: Request, timeout: float) -> Exchange:
        """An exchange that takes at most so many seconds from now."""
        return cls(request, time.monotonic() + timeout)


@dataclass(frozen=True)
class Pause:
    """Wait until then (monotonic seconds)."""

    until: float


@dataclass
class Outcome:
    """An answer: pixels with their header, or bytes; never an unsuccessful status."""

    status: int
    body: bytes = b""
    header: FrameHeader | None = None
    pixels: Array | None = None
    #: The answer is that of a request which an earlier wait gave up on: it may have lain there a while.
    is_old: bool = False


Step = Union[Exchange, Pause]
#: Yields steps, is sent the outcomes of exchanges, and returns a frame, or None when there was none in time.
Steps = Generator[Step, Union[Outcome, None], Union[Frame, None]]


class Reading:
    """What one reader wants of its stream, and what it had last."""

    def __init__(self, stream_id: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with the stream's own size, every frame, and nothing read."""
        self.stream_id = stream_id
        #: Width and height in pixels; None leaves the choice to the stream.
        self.size: tuple[int | None, int | None] = (None, None)
        #: At most so many frames a second; None for all.
        self.fps: float | None = None
        self.pixels: Pixels = "bgr"
        #: How to start the stream when the server does not have it, where that is known.
        self.start: Request | None = None
        self.last: FrameHeader | None = None
        #: When it came, by the clock of this reading. Capture times are by clocks that may be off.
        self.last_came_at: float | None = None
        self.last_error: FanlightError | None = None
        #: Frames that were read and handed to nobody: the next one's gap counts them.
        self.passed_over = 0
        self._clock = clock
        self._due = 0.0
        self._scratch: Array = np.empty(0, np.uint8)

    def frame(self, timeout: float, into: Array | None = None, view: bool = False) -> Steps:
        """The steps to the newest frame after the last one, taken in at most `timeout` seconds.

        The pixels are put into the array `into` where that fits the frame, else into a new one; with
        `view` they may be a read-only array that shows them where the server has them.
        """
        deadline = self._clock() + max(timeout, LEAST_TIME)
        if self._due >= deadline:
            yield Pause(deadline)
            return None
        if self._due > self._clock():
            yield Pause(self._due)
        reason: FanlightError | None = None
        while True:
            try:
                frame = yield from self._newest(deadline, into, view)
                if frame is not None or self._left(deadline) < _KEPT_MOST + RETRY_PAUSE:
                    return frame
            except StreamNotFound as error:
                self.last_error = error
                if self.start is not None:
                    yield from self._start(deadline)
                elif self.last is None:
                    raise
            except (ConnectionFailed, StreamNotRunning, QuotaExceeded, ServerFailed) as error:
                # That the last try ran out of time says less than why those before it failed.
                self.last_error = reason = reason if reason and error.code == TIMED_OUT else error
            except (ConsumerKicked, InvalidRequest, ProtocolError) as error:
                self.last_error = error
                raise
            if self._left(deadline) < RETRY_PAUSE + LEAST_TIME:
                yield Pause(deadline)
                return None
            yield Pause(self._clock() + RETRY_PAUSE)

    def request(self, left: float, *, wait: bool = True) -> Request:
        """Ask for the newest frame after the last one, with so many seconds left for it."""
        width, height = self.size
        return _protocol.frame(
            self.stream_id,
            after=self.last.sequence if self.last else None,
            width=width,
            height=height,
            fps=self.fps,
            wait_ms=int(1000 * (left - min(_KEPT_MOST, _KEPT_PART * left))) if wait else 0,
        )

    def _newest(
        self, deadline: float, into: Array | None, view: bool
    ) -> Generator[Step, Outcome | None, Frame | None]:
        def allocate(header: FrameHeader) -> Array:
            return self._room(header, into)

        # What is converted to another layout need not be copied before.
        look = (view and into is None) or self.pixels != "bgr"
        told = yield Exchange(self.request(self._left(deadline)), deadline, allocate, look)
        frame = self._take(told, into, view)
        if frame is None or told is None or not told.is_old:
            return frame
        missed = frame.gap
        told = yield Exchange(self.request(0, wait=False), deadline, allocate, look)
        newer = self._take(told, into, view)
        if newer is None:
            return frame
        # The older of the two is not handed out: it is one more that was missed.
        self.last = replace(newer.header, gap=newer.gap + missed + 1)
        return newer.of(self.last, self.stream_id)

    def _start(self, deadline: float) -> Generator[Step, Outcome | None, None]:
        assert self.start is not None
        try:
            told = yield Exchange(self.start, deadline)
            named = _protocol.json_object(told.body if told else b"").get("stream_id")
            self.stream_id = str(named or self.stream_id)
        except InvalidRequest:
            raise
        except FanlightError as error:
            self.last_error = error

    def _take(self, told: Outcome | None, into: Array | None, view: bool) -> Frame | None:
        """Make the frame of what came, and note that it came."""
        self.last_error = None
        if told is None or told.header is None or told.pixels is None:
            return None
        header, pixels = told.header, told.pixels
        if self.passed_over:
            header, self.passed_over = replace(header, gap=header.gap + self.passed_over), 0
        self.last, self.last_came_at = header, self._clock()
        self._pace(told.header)
        if self.pixels != "bgr":
            wanted = shape(self.pixels, told.header.width, told.header.height)
            made = self._array(wanted, told.header, into)
            convert(pixels, self.pixels, made)
            pixels = made
        elif pixels is self._scratch or not (view or pixels.flags.writeable):
            # It was asked for before the layout was changed, or to be looked at.
            pixels = pixels.copy()
        frame = pixels if isinstance(pixels, Frame) else pixels.view(Frame)
        return frame.of(header, self.stream_id)

    def _pace(self, header: FrameHeader) -> None:
        """Keep to the rate asked for where the server does not; those that know of rates tell a clock."""
        if self.fps is None or header.clock is not None:
            self._due = 0.0
            return
        now, period = self._clock(), 1 / self.fps
        self._due = self._due + period if 0 <= now - self._due < period else now + period

    def _room(self, header: FrameHeader, into: Array | None) -> Array:
        """Where the pixels of a frame go as they come."""
        wanted = (header.height, header.width, 3)
        if self.pixels == "bgr":
            return self._array(wanted, header, into)
        if self._scratch.shape != wanted:
            self._scratch = np.empty(wanted, np.uint8)
        return self._scratch

    def _array(self, wanted: tuple[int, ...], header: FrameHeader, into: Array | None) -> Array:
        """The caller's own array where it fits, else a new one."""
        fits = (
            into is not None
            and into.shape == wanted
            and into.dtype == np.uint8
            and into.flags.c_contiguous
            and into.flags.writeable
        )
        return into if into is not None and fits else Frame.empty(wanted, header, self.stream_id)

    def _left(self, deadline: float) -> float:
        return deadline - self._clock()

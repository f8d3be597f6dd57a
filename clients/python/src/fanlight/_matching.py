"""Which frames of several cameras belong together, by when they were captured. No sockets, no clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from fanlight.frame import Frame

#: Frames kept of each camera. The camera that is behind is waited for, and by the time its frame has
#: come the others may be some frames ahead.
_KEPT = 8


class Matching:
    """Frames of several cameras as they come, and the newest of them that go together."""

    def __init__(self, cameras: int, tolerance: float) -> None:
        """Frames go together when their captures lie at most `tolerance` seconds apart."""
        self._tolerance = tolerance
        #: With each frame, how many frames of its camera there were up to it, missed ones too.
        self._frames: list[deque[tuple[Frame, int]]] = [deque(maxlen=_KEPT) for _ in range(cameras)]
        #: Frames of each camera that came, were missed, and have not been handed out.
        self.passed_over = [0] * cameras

    def add(self, came: Iterable[tuple[int, Frame]]) -> tuple[Frame, ...] | None:
        """Take in what came of which camera; one frame of each when some go together now.

        The gap of each then counts those frames too that came and were not handed out. It ends there.
        """
        for camera, frame in came:
            self.passed_over[camera] += frame.gap + 1
            self._frames[camera].append((frame, self.passed_over[camera]))
        if not all(self._frames):
            return None
        behind = min(frames[-1][0].captured_at for frames in self._frames)
        chosen = [min(frames, key=lambda each: abs(each[0].captured_at - behind)) for frames in self._frames]
        times = [frame.captured_at for frame, _ in chosen]
        if max(times) - min(times) > self._tolerance:
            return None
        for number, (_, up_to_it) in enumerate(chosen):
            self.passed_over[number] -= up_to_it
        return tuple(
            frame.of(replace(frame.header, gap=up_to_it - 1), frame.stream_id) for frame, up_to_it in chosen
        )

"""What a stream shows, by the numbers that are painted into its pictures."""

import time
from itertools import pairwise
from statistics import median

import numpy as np
from websocket import WebSocket, WebSocketTimeoutException, create_connection

from rig import code_blocks
from rig.http import Answer
from rig.server import Server

#: The size at which pictures are looked at.
SIZE = (640, 360)
#: How long whole pictures may be away: a keyframe every two seconds, and what a busy machine adds.
SOON = 10.0


def number_in(answer: Answer) -> int | None:
    """The number in a picture of this size; None when it is damaged."""
    assert answer.status == 200, answer.text
    return code_blocks.decode(np.frombuffer(answer.body, np.uint8).reshape(SIZE[1], SIZE[0], 3))


def numbers(server: Server, stream_id: str, frames: int = 10, first_within: float = 5.0) -> list[int | None]:
    """The numbers in this many frames, one after the other; the first may take longer."""
    seen, after, wait = [], 0, first_within
    for _ in range(frames):
        query = f"after={after}&width={SIZE[0]}&height={SIZE[1]}&wait={wait * 1000:.0f}"
        answer = server.ask("GET", f"/api/streams/{stream_id}/frame?{query}", timeout=wait + 10)
        seen.append(number_in(answer))
        after, wait = int(answer.headers["x-frame-sequence"]), 5.0
    return seen


def assert_running(seen: list[int | None], length: int) -> None:
    """The pictures of a clip of so many can be read and go forward, in steps of a few once a decoder has caught up."""
    assert None not in seen, seen
    steps = [(b - a) % length for a, b in pairwise(seen) if a is not None and b is not None]
    assert all(1 <= step <= length // 2 for step in steps), seen
    assert median(steps[len(steps) // 2 :]) <= 5, seen


class Viewer:
    """A WebSocket that stays open; it fails when the server closes it."""

    def __init__(self, server: Server, stream_id: str, size: tuple[int, int] = SIZE) -> None:
        self.size = size
        query = f"?width={size[0]}&height={size[1]}"
        self._socket: WebSocket = create_connection(f"ws://127.0.0.1:{server.port}/ws/{stream_id}{query}", timeout=30)

    def close(self) -> None:
        self._socket.close()

    def number(self, within: float = SOON) -> int | None:
        self._socket.settimeout(within)
        try:
            message = self._socket.recv()
        except WebSocketTimeoutException:
            raise AssertionError(f"no picture came within {within} s") from None
        assert isinstance(message, bytes)
        return code_blocks.decode(np.frombuffer(message, np.uint8).reshape(self.size[1], self.size[0], 3))

    def sees(self, length: int, within: float = SOON) -> None:
        """Ten whole pictures, one after the other, before long."""
        deadline = time.monotonic() + within
        seen: list[int | None] = []
        whole: list[int] = []
        while len(whole) < 10:
            assert time.monotonic() < deadline, f"within {within} s it saw {seen}"
            seen.append(number := self.number(within))
            if number is None:
                whole = []
            elif whole and not 1 <= (number - whole[-1]) % length <= 10:
                whole = [number]  # What waited in the connection is over, or something went wrong before.
            else:
                whole.append(number)

"""Several cameras read together: frames that were captured at the same time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from fanlight._driving import arrivals
from fanlight._matching import Matching
from fanlight._reader import StreamReader
from fanlight.aio import AsyncClient
from fanlight.client import RTSPStreamClient
from fanlight.frame import Frame


def read_synchronised(
    clients: Sequence[RTSPStreamClient], *, tolerance: float = 0.05, timeout: float = 5.0
) -> tuple[Frame, ...] | None:
    """One new frame of each client's camera, captured at most `tolerance` seconds apart.

    In the order of the clients; None when none go together within `timeout` seconds (`last_error` of a
    client tells why it had none). No frame is returned twice, and gaps count those that never were.
    Cameras are compared by `captured_at`: with `clock` "camera" their own clocks must agree, with
    "arrival" their ways to the server must take equally long. A tolerance of about one frame's duration
    always finds some. Raises as `get_frame`.
    """
    matching = Matching(len(clients), tolerance)
    try:
        for came in arrivals(clients, timeout):
            found = matching.add(came)
            if found:
                return found
        return None
    finally:
        _carry_over(clients, matching)


async def read_synchronised_async(
    clients: Sequence[AsyncClient], *, tolerance: float = 0.05, timeout: float = 5.0
) -> tuple[Frame, ...] | None:
    """The same for asyncio: what `read_synchronised` says, without blocking the loop."""
    matching, deadline = Matching(len(clients), tolerance), time.monotonic() + timeout
    waiting: dict[asyncio.Task[Frame | None], int] = {}
    try:
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            for camera in set(range(len(clients))) - set(waiting.values()):
                waiting[asyncio.ensure_future(clients[camera].get_frame(left))] = camera
            came, _ = await asyncio.wait(waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            read = [(waiting.pop(task), task.result()) for task in came]
            found = matching.add((camera, frame) for camera, frame in read if frame is not None)
            if found:
                return found
    finally:
        _carry_over(clients, matching)
        # What is still asked for stays so: the next read of that client takes it up.
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


def _carry_over(clients: Sequence[StreamReader], matching: Matching) -> None:
    """Let what was read and handed to nobody count as missed."""
    for client, passed_over in zip(clients, matching.passed_over):
        client._reading.passed_over += passed_over

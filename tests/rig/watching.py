"""Consumers that only note when their frames come: many of them, on several servers at a time."""

import contextlib
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise

from websocket import WebSocketException, create_connection

from rig.server import Server

#: What the camera sends, so that dozens of consumers cost the machine little.
UNDECODED = "format=h264"
#: What was under way when an owner went arrives for so long, in seconds.
UNDER_WAY = 1.0


class Watch:
    """One consumer of one camera at one server; it reads until it is closed or the server ends it."""

    def __init__(self, server: Server, stream_id: str, query: str = UNDECODED, token: str | None = None) -> None:
        self.stream_id = stream_id
        self._frames: list[float] = []
        #: Why it ended; None while it reads.
        self.ended: str | None = None
        url = f"ws://127.0.0.1:{server.port}/ws/{stream_id}?{query}"
        header = [f"Authorization: Bearer {token}"] if token else []
        self._socket = create_connection(url, timeout=30, header=header)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            while self._socket.recv():
                self._frames.append(time.monotonic())
            self.ended = "closed"
        except (OSError, WebSocketException) as error:
            self.ended = f"{type(error).__name__}: {error}"

    def close(self) -> None:
        with contextlib.suppress(OSError, WebSocketException):
            self._socket.shutdown()
        self._thread.join(5)

    def frames(self) -> int:
        return len(self._frames)

    def next_after(self, moment: float) -> float | None:
        """When the first frame after this moment came (both `time.monotonic`); None while there is none."""
        return next((at for at in list(self._frames) if at > moment), None)

    def resumed(self, broken: float) -> float | None:
        """Seconds from when its camera's owner went to the first frame from the next one."""
        at = self.next_after(broken + UNDER_WAY)
        return None if at is None else at - broken

    def longest_gap(self, since: float) -> float:
        """The longest time between two frames since a moment, or from the last one until now."""
        times = [since, *(at for at in list(self._frames) if at > since), time.monotonic()]
        return max(b - a for a, b in pairwise(times))


@contextmanager
def watching(server: Server, streams: Iterable[str]) -> Iterator[list[Watch]]:
    """A consumer for each of these streams."""
    watches: list[Watch] = []
    try:
        for stream in streams:
            watches.append(Watch(server, stream))
        yield watches
    finally:
        for watch in watches:
            watch.close()

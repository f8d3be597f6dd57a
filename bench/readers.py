"""Readers as the bench holds them: each a process of its own (reader.py), told when to begin and to stop."""

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rig.code_blocks import Schedule

PROGRAM = Path(__file__).with_name("reader.py")
#: How long a reader may take to start, to connect, and to hand over its log, in seconds.
START, FIRST, LAST = 20.0, 20.0, 15.0


@dataclass(frozen=True)
class Frame:
    """A picture as a reader got it: when (unix time), and the number painted into it, if it could be read."""

    at: float
    number: int | None


@dataclass(frozen=True)
class Log:
    """What a reader saw, from when it began to connect."""

    started: float
    frames: list[Frame]

    def between(self, start: float, end: float) -> "Log":
        return Log(self.started, [frame for frame in self.frames if start <= frame.at <= end])

    @property
    def fps(self) -> float:
        if len(self.frames) < 2:
            return 0.0
        return (len(self.frames) - 1) / (self.frames[-1].at - self.frames[0].at)

    def ages(self, schedule: Schedule) -> list[float]:
        """Milliseconds from the camera's sending to the script's having, for each readable picture."""
        found = []
        for frame in self.frames:
            if frame.number is not None:
                sent = schedule.t_of(schedule.n_of(frame.number, frame.at))
                found.append(1000 * (frame.at - sent))
        return found


class Reader:
    """One reader. It is started at once, and begins to connect at `go`."""

    def __init__(self, way: str, work: float, **how: Any) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(PROGRAM), json.dumps({"way": way, "work": work, "with": how})],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            bufsize=1,
            start_new_session=True,  # a terminal's Ctrl-C is for the bench, which ends its readers itself
        )
        self._told: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def ready(self) -> None:
        """Wait until it has imported what it needs."""
        self._wait("ready", START)

    def go(self) -> None:
        """Let it connect and read."""
        self._say("go")

    def announce(self) -> None:
        """Let it announce the next picture."""
        self._say("next")

    def picture(self, within: float = FIRST) -> float:
        """When the announced picture came: the first one, or the one after `announce`."""
        return float(self._wait("picture", within)["picture"])

    def stop(self) -> Log:
        """What it saw; it ends."""
        self._say("stop")
        told = self._wait("frames", LAST)
        return Log(told["started"], [Frame(at, number) for at, number in told["frames"]])

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _say(self, word: str) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it has told why it ended, which whoever waits for it finds
            self._process.stdin.write(word + "\n")

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._told.put(json.loads(line))

    def _wait(self, key: str, within: float) -> dict[str, Any]:
        while True:
            try:
                told = self._told.get(timeout=within)
            except queue.Empty:
                raise TimeoutError(f"no {key} within {within:.0f} s") from None
            if "error" in told:
                raise RuntimeError(told["error"])
            if key in told:
                return told


@contextmanager
def ending(running: list[Reader]) -> Iterator[list[Reader]]:
    """Whatever happens, no reader outlives its measurement."""
    try:
        yield running
    finally:
        for reader in running:
            reader.kill()

"""One reader's process, as a script would be: `python reader.py '{"way": ..., "work": ..., "with": {...}}'`.

It says `ready`, waits for `go` on stdin, then reads until `stop`, which it answers with its log. `next` has
it announce the next picture, as it does with the first. It ends when stdin does.

What it notes for each picture is a few pixels of the number painted into it; they are read at the end, so
that looking costs 10 µs and not a part of what is measured.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import sources
from rig import code_blocks as cb

#: Parts of a block at which it is looked at, away from its blurred edges.
SPOTS = np.array([0.35, 0.5, 0.65])
#: Black and white blocks differ by 219; scaled and damaged pictures by less.
LEAST_CONTRAST = 60


class Look:
    """Takes the pixels that tell a picture's number, and reads them later."""

    def __init__(self, width: int, height: int) -> None:
        across = (np.arange(cb.COLS)[:, None] + SPOTS) * (width * cb.CELL / cb.REF_W)
        down = (np.arange(2)[:, None] + SPOTS) * (height * cb.CELL / cb.REF_H)
        self._where = np.ix_(down.astype(int).ravel(), across.astype(int).ravel())

    def take(self, picture: sources.Picture) -> sources.Picture:
        rows, columns = self._where
        return picture[rows, columns, 1]

    @staticmethod
    def number(taken: sources.Picture) -> int | None:
        """The number, or None when it cannot be read."""
        upper, lower = taken.reshape(2, len(SPOTS), cb.COLS, len(SPOTS)).mean(axis=(1, 3))
        bits = upper > lower
        if np.abs(upper - lower).min() < LEAST_CONTRAST or not bits[0] or bits[1]:
            return None
        return int("".join("01"[bit] for bit in bits[2:].astype(int)), 2)


class Reader:
    """The reading, and the thread that listens to the bench."""

    def __init__(self, source: sources.Source, work: float) -> None:
        self._source, self._work = source, work
        self._go, self._announce = threading.Event(), True
        self._started = 0.0
        self._seen: list[tuple[float, sources.Picture]] = []
        self._look: Look | None = None

    def run(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()
        tell({"ready": True})
        self._go.wait()
        self._started = time.time()
        self._source.connect()
        while True:
            picture, now = self._source.read(), time.time()
            if picture is not None:
                self._note(picture, now)
            if self._work:
                time.sleep(self._work)

    def _note(self, picture: sources.Picture, now: float) -> None:
        if self._look is None:
            self._look = Look(picture.shape[1], picture.shape[0])
        self._seen.append((now, self._look.take(picture)))
        if self._announce:
            self._announce = False
            tell({"picture": now})

    def _listen(self) -> None:
        for line in sys.stdin:
            match line.strip():
                case "go":
                    self._go.set()
                case "next":
                    self._announce = True
                case "stop":
                    frames = [(now, Look.number(taken)) for now, taken in list(self._seen)]
                    tell({"started": self._started, "frames": frames})
                    os._exit(0)  # the reading thread may be stuck in a dead connection
        os._exit(1)


def tell(what: dict[str, Any]) -> None:
    """One line for the bench."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Be the reader that the argument describes."""
    wanted = json.loads(sys.argv[1])
    try:
        Reader(sources.WAYS[wanted["way"]](**wanted["with"]), wanted["work"]).run()
    except Exception as error:  # told to the bench, which notes it in the table
        tell({"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()

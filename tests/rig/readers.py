"""Readers in processes of their own, as scripts are; each tells what it saw, frame by frame."""

import multiprocessing
import os
import sys
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import cv2
import numpy as np
from fanlight import RTSPStreamClient
from websocket import create_connection

from rig import code_blocks
from rig.code_blocks import Schedule

#: Waits for the next frame: (picture, sequence number, frames missed before it), or None for none in time.
Read = Callable[[], tuple[Any, int, int] | None]

#: How long a reader waits for its first frame, in seconds.
PATIENCE = 15.0


@dataclass
class Seen:
    """One frame as a reader got it."""

    sequence: int
    #: The number painted into the picture; None when it cannot be read.
    index: int | None
    received_at: float
    gap: int


@dataclass
class Log:
    """What a reader saw, from when it began to connect."""

    frames: list[Seen] = field(default_factory=list)
    started_at: float = 0.0

    @property
    def first_frame_after(self) -> float:
        """Seconds from connecting to the first frame."""
        return self.frames[0].received_at - self.started_at

    @property
    def seconds(self) -> float:
        return self.frames[-1].received_at - self.frames[0].received_at if self.frames else 0.0

    @property
    def fps(self) -> float:
        return (len(self.frames) - 1) / self.seconds if self.seconds else 0.0

    def best_fps(self, window: float) -> float:
        """Frames per second in the best stretch of so many seconds: a busy machine may spoil the others."""
        times = [frame.received_at for frame in self.frames]
        inside = [bisect_left(times, start + window) - first for first, start in enumerate(times)]
        return max(inside, default=0) / window

    def latencies(self, schedule: Schedule) -> list[float]:
        """Seconds from the camera's sending to the script's having, for each readable frame."""
        found = []
        for frame in self.frames:
            if frame.index is not None:
                number = schedule.n_of(frame.index, frame.received_at)
                found.append(frame.received_at - schedule.t_of(number))
        return found


def python_client(server_url: str, stream_id: str, size: tuple[int, int] | None = None) -> Read:
    """Frames through RTSPStreamClient."""
    client = RTSPStreamClient(server_url, stream_id)
    client.size = size or (None, None)

    def read() -> tuple[Any, int, int] | None:
        frame = client.get_frame(1.0)
        return None if frame is None else (frame, client.last_sequence or 0, client.last_gap)

    return read


def websocket(server_url: str, stream_id: str, size: tuple[int, int]) -> Read:
    """Frames from the WebSocket at the stream's own size, which the caller must know."""
    connection = create_connection(server_url.replace("http://", "ws://") + f"/ws/{stream_id}", timeout=10)
    numbers = count(1)

    def read() -> tuple[Any, int, int]:
        message = connection.recv()
        return np.frombuffer(message, np.uint8).reshape(size[1], size[0], 3), next(numbers), 0

    return read


def opencv(url: str) -> Read:
    """Frames of a camera through OpenCV's own FFmpeg, over TCP."""
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "rtsp_transport;tcp"
    os.environ["OPENCV_FFMPEG_LOGLEVEL"] = "-8"  # joining between keyframes is no news
    capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG)
    numbers = count(1)

    def read() -> tuple[Any, int, int] | None:
        ok, frame = capture.read()
        return (frame, next(numbers), 0) if ok else None

    return read


class Reader:
    """A reader in its own process. It reads until told to stop, or for so many seconds from its first frame."""

    def __init__(self, kind: Callable[..., Read], *arguments: Any, seconds: float = 8.0, work: float = 0.0) -> None:
        context = multiprocessing.get_context("spawn")
        self._news, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=(theirs, kind, arguments, seconds, work), daemon=True)
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def first_frame(self, within: float = PATIENCE + 5) -> float:
        """When it got its first frame, in unix time."""
        assert self._news.poll(within), "the reader got no frame"
        told = self._news.recv()
        assert isinstance(told, float), told
        return told

    def stop(self) -> None:
        self._news.send("stop")

    def result(self, within: float = 30.0) -> Log:
        """What it saw, once it is through."""
        assert self._news.poll(within), "the reader does not end"
        log = self._news.recv()
        if isinstance(log, float):  # the news of the first frame, which nobody asked for
            return self.result(within)
        assert isinstance(log, Log), log
        self._process.join(5)
        return log

    def kill(self) -> None:
        if self._process.is_alive():
            self._process.kill()
        self._process.join()


@contextmanager
def reading(*readers: Reader) -> Iterator[None]:
    """Whatever happens, no reader outlives the test."""
    try:
        yield
    finally:
        for reader in readers:
            reader.kill()


def _run(news: Any, kind: Callable[..., Read], arguments: tuple[Any, ...], seconds: float, work: float) -> None:
    sys.argv[0] = f"{kind.__name__}_reader.py"
    log = Log(started_at=time.time())
    try:
        read = kind(*arguments)
        while not news.poll():
            told, now = read(), time.time()
            if told is not None:
                frame, sequence, gap = told
                if not log.frames:
                    news.send(now)
                log.frames.append(Seen(sequence, code_blocks.decode(frame), now, gap))
            elif not log.frames and now - log.started_at > PATIENCE:
                raise TimeoutError(f"no frame in {PATIENCE:.0f} s")
            if log.frames and now - log.frames[0].received_at >= seconds:
                break
            if work:
                time.sleep(work)
        news.send(log)
    except Exception as error:  # told to the test, which fails with it
        news.send(f"{type(error).__name__}: {error}")

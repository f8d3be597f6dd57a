"""Decoded frames to a video file, at the pace at which they were captured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fanlight.cli.opencv import opencv
from fanlight.client import RTSPStreamClient
from fanlight.errors import FanlightError

#: The codec for each kind of file that OpenCV writes everywhere.
_CODECS = {".mp4": "mp4v", ".mkv": "mp4v", ".avi": "MJPG"}
#: How long the recording waits for a frame before it ends, in seconds.
_PATIENCE = 15.0
#: The rate of the file where the camera's is not known, and the highest one believed.
_DEFAULT_FPS, _FASTEST = 25.0, 240.0


@dataclass
class Recorded:
    """What came of it."""

    frames: int = 0
    seconds: float = 0.0
    #: Frames of the file for which there was no picture of their own.
    missing: int = 0
    #: Why it ended before its time; None when it did not.
    ended_by: str | None = None


class Timeline:
    """Which place in a file of constant rate a frame takes, by when it was captured."""

    def __init__(self, fps: float) -> None:
        """Begin with the first frame."""
        self._fps = fps
        self._first: float | None = None
        self._written = 0

    def places(self, captured_at: float) -> int:
        """How often to write the frame: 0 when it comes too soon, more than 1 to make up for missed ones."""
        if self._first is None:
            self._first = captured_at
        place = round((captured_at - self._first) * self._fps)
        count = max(0, place + 1 - self._written)
        self._written += count
        return count


def record(client: RTSPStreamClient, file: Path, seconds: float | None) -> Recorded:
    """Record for so many seconds, or until Ctrl-C. Raises FanlightError when nothing can be recorded."""
    cv2 = opencv("Recording")
    codec = _CODECS.get(file.suffix.lower())
    if codec is None:
        raise FanlightError(f"{file} must end in {', '.join(_CODECS)}.")
    done, writer, size = Recorded(), None, (0, 0)
    fps = _rate(client)
    timeline, end = Timeline(fps), None
    try:
        for frame in client.frames(_PATIENCE):
            if writer is None:
                size = (frame.shape[1], frame.shape[0])
                writer = _writer(cv2, file, codec, fps, size)
                end = None if seconds is None else frame.captured_at + seconds
            if end is not None and frame.captured_at >= end:
                break
            if (frame.shape[1], frame.shape[0]) != size:
                done.ended_by = "The camera's picture changed its size; the recording ends there."
                break
            count = timeline.places(frame.captured_at)
            for _ in range(count):
                writer.write(frame)
            done.frames += count
            done.missing += max(0, count - 1)
    except KeyboardInterrupt:
        pass
    except FanlightError as error:
        if writer is None:
            raise
        done.ended_by = f"The recording ends there: {error}"
    finally:
        if writer is not None:
            writer.release()
    done.seconds = done.frames / fps
    return done


def _rate(client: RTSPStreamClient) -> float:
    """Frames a second of the file: what was asked for, else the camera's."""
    if client.fps is not None:
        return client.fps
    told = float((client.get_stream().get("video") or {}).get("fps") or 0)
    return round(told, 2) if 0 < told <= _FASTEST else _DEFAULT_FPS


def _writer(cv2: Any, file: Path, codec: str, fps: float, size: tuple[int, int]) -> Any:
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*codec), fps, size)
    if not writer.isOpened():
        raise FanlightError(f"{file} cannot be written: no such folder, or no codec for it in this OpenCV.")
    return writer

"""Run a detector on a camera, in the shape of a YOLO script. A detector of motion stands in for the model.

    python detect.py rtsp://camera/stream             until Ctrl-C
    python detect.py demo: --frames 50                50 frames
    python detect.py demo: --think 0.2 --save last.png  a model that takes 200 ms, and its last picture

However long the model thinks, it gets the newest frame next, and is told how many it missed.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass

import cv2
import numpy as np

from fanlight import Array, FanlightError, RTSPStreamClient


@dataclass
class Box:
    """One thing found: its place in pixels, what it is, and how sure the model is (0 to 1)."""

    x: int
    y: int
    width: int
    height: int
    label: str
    confidence: float


class Model:
    """Put your own here: `YOLO("yolo11n.pt")` and its results look much like this."""

    def __init__(self, think: float) -> None:
        """Take so many seconds for each frame, as a real model would."""
        self._think = think
        self._background = cv2.createBackgroundSubtractorMOG2(history=50, detectShadows=False)

    def __call__(self, frame: Array) -> list[Box]:
        """What moves in the frame."""
        time.sleep(self._think)
        moving = cv2.dilate(self._background.apply(frame), np.ones((5, 5), np.uint8))
        contours, _ = cv2.findContours(moving, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        places = [cv2.boundingRect(contour) for contour in contours]
        return [Box(x, y, w, h, "motion", 0.5) for x, y, w, h in places if w * h > 400]


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description="Run a detector on a camera.")
    parser.add_argument("source", nargs="?", default="demo:", help="camera URL")
    parser.add_argument("--frames", type=int, help="stop after so many")
    parser.add_argument("--fps", type=float, default=10.0, help="look at most so often a second")
    parser.add_argument("--think", type=float, default=0.0, help="seconds that the model takes")
    parser.add_argument("--save", help="write the last frame with its boxes to this file")
    return parser.parse_args()


def main() -> int:
    """Read, detect, draw, tell."""
    options = arguments()
    model = Model(options.think)
    seen = missed = boxes = 0
    frame = None
    try:
        with RTSPStreamClient.for_url(None, options.source, 640, 360, fps=options.fps) as camera:
            for frame in camera.frames():
                found = model(frame)
                seen, missed, boxes = seen + 1, missed + frame.gap, boxes + len(found)
                for box in found:
                    corner = (box.x + box.width, box.y + box.height)
                    cv2.rectangle(frame, (box.x, box.y), corner, (0, 255, 0), 2)
                print(f"frame {frame.sequence}: {len(found)} found, {1000 * frame.age:.0f} ms after capture")
                if seen == options.frames:
                    break
    except KeyboardInterrupt:
        pass
    except FanlightError as error:
        print(f"{options.source}: {error}", file=sys.stderr)
        return 1
    if options.save and frame is not None and not cv2.imwrite(options.save, frame):
        return 1
    print(f"{seen} frames, {missed} passed over, {boxes} boxes")
    return 0


if __name__ == "__main__":
    sys.exit(main())

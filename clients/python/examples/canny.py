"""Show the edges of a camera's picture.

    python canny.py rtsp://camera/stream      in a window; q or Ctrl-C ends it
    python canny.py demo: --headless 100      100 frames without a window
    python canny.py demo: --save edges.png    one picture to a file
    python canny.py 0                         the first webcam, straight through OpenCV

Network cameras are read through the Fanlight server at FANLIGHT_URL, else http://127.0.0.1:8080.
"""

from __future__ import annotations

import argparse
import sys
import time

import cv2

from fanlight import VideoCapture


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description="Show the edges of a camera's picture.")
    parser.add_argument("source", nargs="?", default="demo:", help="camera URL, file, or number of a webcam")
    parser.add_argument("--headless", type=int, metavar="N", help="stop after N frames, without a window")
    parser.add_argument("--save", metavar="FILE", help="write the last edges to FILE; alone: of one frame")
    return parser.parse_args()


def main() -> int:
    """Read, find edges, show or count; returns the exit code."""
    options = arguments()
    source = int(options.source) if options.source.isdigit() else options.source
    windowless = options.headless is not None or options.save is not None
    wanted = options.headless or 1

    capture = VideoCapture(source)
    if not capture.isOpened():
        print(f"{options.source} cannot be opened: {capture.last_error or 'no such camera'}", file=sys.stderr)
        return 1

    frames, started, edges = 0, time.monotonic(), None
    try:
        while not windowless or frames < wanted:
            ok, frame = capture.read()
            if not ok or frame is None:
                print(f"no frame: {capture.last_error or 'the camera sends none'}", file=sys.stderr)
                if windowless:
                    return 1
                continue
            frames += 1
            edges = cv2.Canny(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), 100, 200)
            if not windowless:
                cv2.imshow("edges", edges)
                if cv2.waitKey(1) & 0xFF == ord("q"):
                    break
    except KeyboardInterrupt:
        pass
    except cv2.error:
        print("no window can be opened here; try --headless N or --save FILE", file=sys.stderr)
        return 1
    finally:
        capture.release()

    if options.save and edges is not None and not cv2.imwrite(options.save, edges):
        return 1
    print(f"{frames} frames, {frames / (time.monotonic() - started):.1f} per second")
    return 0


if __name__ == "__main__":
    sys.exit(main())

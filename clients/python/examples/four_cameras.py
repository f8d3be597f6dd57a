"""Read several cameras in step: pictures that were captured at the same time, side by side.

    python four_cameras.py rtsp://a/stream rtsp://b/stream rtsp://c/stream rtsp://d/stream
    python four_cameras.py … --sets 50 --save together.png

Frames of one set were captured at most `--tolerance` seconds apart. One thread reads them all.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack

import numpy as np

from fanlight import Array, FanlightError, Frame, RTSPStreamClient, read_synchronised

#: The size at which each is read, in pixels: the server scales.
SIZE = (320, 180)


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description="Read several cameras in step.")
    parser.add_argument("sources", nargs="+", help="camera URLs")
    parser.add_argument("--tolerance", type=float, default=0.05, help="seconds between captures, at most")
    parser.add_argument("--sets", type=int, help="stop after so many")
    parser.add_argument("--save", help="write the last set to this file, side by side (with OpenCV)")
    return parser.parse_args()


def mosaic(frames: tuple[Frame, ...]) -> Array:
    """The frames of one set, two in a row."""
    blank = np.zeros_like(np.asarray(frames[0]))
    padded = [*frames, blank] if len(frames) % 2 else list(frames)
    rows = [np.hstack(padded[at : at + 2]) for at in range(0, len(padded), 2)]
    return np.vstack(rows)


def main() -> int:
    """Read sets of frames, and tell how far apart they were captured."""
    options = arguments()
    sets, frames = 0, None
    try:
        with ExitStack() as stack:
            cameras = [
                stack.enter_context(RTSPStreamClient.for_url(None, source, *SIZE))
                for source in options.sources
            ]
            while sets != options.sets:
                together = read_synchronised(cameras, tolerance=options.tolerance, timeout=10)
                if together is None:
                    reasons = [str(camera.last_error) for camera in cameras if camera.last_error]
                    print(f"nothing that goes together: {'; '.join(reasons) or 'raise the tolerance'}")
                    return 1
                sets, frames = sets + 1, together
                times = [frame.captured_at for frame in together]
                clocks = ", ".join(sorted({frame.clock or "arrival" for frame in together}))
                print(f"set {sets}: {1000 * (max(times) - min(times)):.0f} ms apart, by {clocks}")
    except KeyboardInterrupt:
        pass
    except FanlightError as error:
        print(error, file=sys.stderr)
        return 1
    if options.save and frames is not None:
        import cv2

        cv2.imwrite(options.save, mosaic(frames))
    return 0


if __name__ == "__main__":
    sys.exit(main())

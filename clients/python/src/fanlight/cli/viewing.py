"""A window with a camera's picture."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from fanlight._protocol import Array
from fanlight.cli.opencv import opencv
from fanlight.client import RTSPStreamClient
from fanlight.errors import FanlightError

#: How long the window waits for a frame before it says that there is none, in seconds.
_PATIENCE = 1.0
#: Keys that end it: q and Esc.
_END = (ord("q"), 27)


def view(open_client: Callable[[], RTSPStreamClient], title: str) -> None:
    """Show frames until q, Esc or the window's own button; raises FanlightError without windows."""
    cv2 = opencv("A window")
    if sys.platform.startswith("linux") and not (os.environ.keys() & {"DISPLAY", "WAYLAND_DISPLAY"}):
        raise FanlightError("There is no display here. fanlight snapshot and fanlight record need none.")
    try:
        cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO)
    except cv2.error:
        raise FanlightError(
            "This OpenCV is built without windows. Put the other one in its place:"
            " pip uninstall opencv-python-headless; pip install opencv-python"
        ) from None
    last: Array | None = None
    try:
        with open_client() as client:
            while True:
                frame = client.get_frame(_PATIENCE)
                if frame is not None:
                    last = frame
                    cv2.imshow(title, frame)
                elif last is not None:
                    cv2.imshow(title, _no_longer_live(cv2, last, client.last_error))
                if cv2.waitKey(1) & 0xFF in _END or cv2.getWindowProperty(title, cv2.WND_PROP_VISIBLE) < 1:
                    return
    finally:
        cv2.destroyWindow(title)


def _no_longer_live(cv2: Any, last: Array, error: FanlightError | None) -> Array:
    """The last picture as what it is: dimmed, with the reason that there is no newer one."""
    dimmed: Array = last // 3
    words = f"no picture: {error or 'the camera sends none'}"
    scale = max(0.4, last.shape[1] / 1600)
    cv2.putText(dimmed, words, (10, int(30 * scale) + 10), cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255))
    return dimmed

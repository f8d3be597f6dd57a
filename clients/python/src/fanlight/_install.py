"""Stands VideoCapture in for OpenCV's own, in code that cannot be edited."""

from __future__ import annotations

from typing import Any

from fanlight.capture import VideoCapture

#: Where OpenCV's own is kept meanwhile.
_KEPT = "_VideoCapture_before_fanlight"


def install() -> None:
    """Let `cv2.VideoCapture` be fanlight's, for all code that looks it up from now on.

    Network cameras then go through the server, everything else to OpenCV as before. A module that
    has run `from cv2 import VideoCapture` before keeps what it has: install first. Raises ImportError
    without OpenCV.
    """
    cv2 = _opencv()
    if not hasattr(cv2, _KEPT):
        setattr(cv2, _KEPT, cv2.VideoCapture)
        cv2.VideoCapture = VideoCapture


def uninstall() -> None:
    """Put OpenCV's own `cv2.VideoCapture` back; nothing when it is there."""
    cv2 = _opencv()
    if hasattr(cv2, _KEPT):
        cv2.VideoCapture = getattr(cv2, _KEPT)
        delattr(cv2, _KEPT)


def _opencv() -> Any:
    import cv2

    return cv2

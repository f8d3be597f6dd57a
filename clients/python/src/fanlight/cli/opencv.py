"""OpenCV for the commands that need it, or a word on how to get it."""

from __future__ import annotations

from typing import Any

from fanlight.errors import FanlightError


def opencv(what_for: str) -> Any:
    """The module; raises FanlightError without it."""
    try:
        import cv2
    except ImportError:
        raise FanlightError(f"{what_for} needs OpenCV: pip install 'fanlight[opencv]'") from None
    return cv2

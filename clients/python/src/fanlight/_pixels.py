"""Pixels as the caller wants them. The server sends blue, green, red; the rest is made here."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Literal

import numpy as np

from fanlight._protocol import Array
from fanlight.errors import InvalidRequest

#: How a frame's pixels are laid out: `bgr` as OpenCV has them, `rgb`, or `gray` without a third axis.
Pixels = Literal["bgr", "rgb", "gray"]

#: Rows converted at a time, so that what is worked on stays in the processor's cache.
_STRIP = 16


def check(pixels: Pixels) -> Pixels:
    """Refuse what is no layout; raises InvalidRequest."""
    if pixels not in ("bgr", "rgb", "gray"):
        raise InvalidRequest(f"pixels must be 'bgr', 'rgb' or 'gray', not {pixels!r}.")
    return pixels


def shape(pixels: Pixels, width: int, height: int) -> tuple[int, ...]:
    """The shape of a frame's array."""
    return (height, width) if pixels == "gray" else (height, width, 3)


def convert(bgr: Array, pixels: Pixels, into: Array) -> None:
    """Fill `into` from BGR pixels. OpenCV does it where it is there; grey may differ by 1 without it."""
    cv2 = _opencv()
    if cv2 is not None:
        cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY if pixels == "gray" else cv2.COLOR_BGR2RGB, dst=into)
        return
    for row in range(0, len(bgr), _STRIP):
        strip = bgr[row : row + _STRIP]
        if pixels == "rgb":
            into[row : row + _STRIP] = strip[..., ::-1]
        else:
            # Weights of ITU-R BT.601 in 256ths; their sum is 256, so 16 bits hold every value.
            grey = np.multiply(strip[..., 0], 29, dtype=np.uint16)
            grey += np.multiply(strip[..., 1], 150, dtype=np.uint16)
            grey += np.multiply(strip[..., 2], 77, dtype=np.uint16)
            into[row : row + _STRIP] = (grey + 128) >> 8


def _opencv() -> ModuleType | None:
    if "cv2" not in sys.modules:
        try:
            import cv2
        except ImportError:
            return None
        return cv2
    return sys.modules["cv2"]

"""Machine-readable frame index: 2 rows of blocks, sync cells + 12 bits, second row is the complement.

Cells are CELL px on a 1920x1080 picture and scale with it, so any resized copy can be read.
"""

import numpy as np

REF_W, REF_H, CELL, BITS = 1920, 1080, 64, 12
COLS = BITS + 2


def encode(index):
    bits = [1, 0] + [(index >> (BITS - 1 - b)) & 1 for b in range(BITS)]
    row = np.array(bits, np.uint8)
    return np.stack([row, 1 - row]) * 219 + 16


def decode(frame):
    """index of a BGR/grey frame of any size, or None if the code is unreadable (damaged picture)."""
    h, w = frame.shape[:2]
    cw, ch = w * CELL / REF_W, h * CELL / REF_H
    g = frame[: int(2 * ch) + 1, : int(COLS * cw) + 1]
    g = g[..., 1] if g.ndim == 3 else g
    val = 0
    for c in range(COLS):
        x0, x1 = int((c + 0.3) * cw), int((c + 0.7) * cw) + 1
        a = g[int(0.3 * ch) : int(0.7 * ch) + 1, x0:x1].mean()
        b = g[int(1.3 * ch) : int(1.7 * ch) + 1, x0:x1].mean()
        if abs(a - b) < 60 or (c == 0 and a < b) or (c == 1 and a > b):
            return None
        if c >= 2:
            val = val * 2 + (a > b)
    return int(val)


class Schedule:
    """Camera time line: frame n is handed to the RTSP payloader at t0 + n/fps and shows n % frames."""

    def __init__(self, t0, fps=25, frames=1500):
        self.t0, self.fps, self.frames = t0, fps, frames

    def n_at(self, t):
        return int((t - self.t0) * self.fps)

    def n_of(self, index, now):
        n = int((now - self.t0) * self.fps + 0.5)
        return n - (n - index) % self.frames

    def t_of(self, n):
        return self.t0 + n / self.fps

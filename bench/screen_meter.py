"""Reads from an X11 screen what is really painted: each tile's rate and age, by the numbers the cameras paint.

Counters inside of a page tell other figures than the screen shows. Only the strips with the numbers are
grabbed, through shared memory, so that 60 looks a second cost a few hundredths of a core.
"""

import ctypes as c
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from rig.code_blocks import BITS, CELL, COLS, REF_H, REF_W, Schedule

#: Looks a second; more than twice the cameras' rate.
HZ = 60.0
#: Both rows of a cell differ at least by this, or the number is not legible.
CONTRAST = 60
#: Where in a cell it is looked, so that its edges do not matter.
INSIDE = np.array([0.3, 0.5, 0.7])
#: A number older than this is one of the clip's former round, or misread.
BELIEVED = 20.0


@dataclass(frozen=True)
class Rect:
    """A whole picture on the screen, in pixels; parts of it may be cut off."""

    x: float
    y: float
    width: float
    height: float


@dataclass
class Seen:
    """What one tile showed."""

    changes: int = 0
    ages: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Painted:
    """All tiles over the time they were looked at: pictures a second, and seconds from the camera's sending."""

    worst_fps: float
    mean_fps: float
    latency: float
    unreadable: int


def watch(display: str, rects: Sequence[Rect], schedule: Schedule, seconds: float) -> Painted:
    """Look at all tiles for a while."""
    screen = _Screen(display)
    tiles = [(_strip(rect, screen), Seen()) for rect in rects]
    last: list[int | None] = [None] * len(tiles)
    unreadable, looks, begun = 0, 0, time.time()
    while (now := time.time()) < begun + seconds:
        for index, ((area, xs, ys), seen) in enumerate(tiles):
            number = _number(screen.grab(*area)[ys, xs, 1].astype(np.float32).mean(-1))
            now = time.time()
            if number is None:
                unreadable += 1
                continue
            if number == last[index]:
                continue
            age = now - schedule.t_of(schedule.n_of(number, now))
            if last[index] is not None and -0.2 < age < BELIEVED:
                seen.changes += 1
                seen.ages.append(age)
            last[index] = number
        looks += 1
        time.sleep(max(0.0, begun + looks / HZ - time.time()))
    took = time.time() - begun
    ages = [statistics.median(seen.ages) for _, seen in tiles if seen.ages]
    rates = [seen.changes / took for _, seen in tiles]
    return Painted(min(rates), statistics.mean(rates), statistics.median(ages) if ages else float("inf"), unreadable)


def _strip(rect: Rect, screen: "_Screen") -> tuple[tuple[int, int, int, int], np.ndarray, np.ndarray]:
    """The part of the screen with a tile's number, and where to look in it."""
    width, height = rect.width * CELL / REF_W, rect.height * CELL / REF_H
    left, top = max(0, int(rect.x)), max(0, int(rect.y))
    right = min(screen.width, int(rect.x + COLS * width) + 1)
    bottom = min(screen.height, int(rect.y + 2 * height) + 1)
    xs = rect.x + (np.arange(COLS)[:, None] + INSIDE[None, :]) * width - left
    ys = rect.y + (np.arange(2)[:, None] + INSIDE[None, :]) * height - top
    shape = (2, COLS, 3, 3)
    columns = np.broadcast_to(xs[None, :, None, :], shape).reshape(2, COLS, 9)
    rows = np.broadcast_to(ys[:, None, :, None], shape).reshape(2, COLS, 9)
    area = (left, top, right - left, bottom - top)
    return area, columns.astype(int).clip(0, area[2] - 1), rows.astype(int).clip(0, area[3] - 1)


def _number(cells: np.ndarray) -> int | None:
    """The number in 2 rows of cells, or None where it is not legible."""
    difference = cells[0] - cells[1]
    if (np.abs(difference) < CONTRAST).any() or difference[0] < 0 or difference[1] > 0:
        return None
    return int(((difference[2:] > 0) << np.arange(BITS - 1, -1, -1)).sum())


class _Image(c.Structure):
    """XImage of Xlib.h, as far as it is used."""

    _fields_ = [
        *((name, c.c_int) for name in ("width", "height", "xoffset", "format")),
        ("data", c.c_void_p),
        *((name, c.c_int) for name in ("byte_order", "bitmap_unit", "bitmap_bit_order", "bitmap_pad")),
        *((name, c.c_int) for name in ("depth", "bytes_per_line", "bits_per_pixel")),
    ]


class _Segment(c.Structure):
    """XShmSegmentInfo of XShm.h."""

    _fields_ = [("shmseg", c.c_ulong), ("shmid", c.c_int), ("shmaddr", c.c_void_p), ("read_only", c.c_int)]


class _Screen:
    """The first screen of an X server, grabbed through MIT-SHM."""

    def __init__(self, display: str) -> None:
        self._x, self._ext = c.CDLL("libX11.so.6"), c.CDLL("libXext.so.6")
        self._libc = c.CDLL(None, use_errno=True)
        for library, names in ((self._x, ("XOpenDisplay", "XDefaultVisual")), (self._libc, ("shmat",))):
            for name in names:
                getattr(library, name).restype = c.c_void_p
        self._x.XRootWindow.restype = c.c_ulong
        self._ext.XShmCreateImage.restype = c.POINTER(_Image)
        self._libc.shmat.argtypes = [c.c_int, c.c_void_p, c.c_int]
        opened = self._x.XOpenDisplay(display.encode())
        if not opened:
            raise OSError(f"there is no X server at {display}")
        self._display = c.c_void_p(opened)
        self.width = self._x.XDisplayWidth(self._display, 0)
        self.height = self._x.XDisplayHeight(self._display, 0)
        self._root = c.c_ulong(self._x.XRootWindow(self._display, 0))
        self._images: dict[tuple[int, int], tuple[object, _Segment, np.ndarray]] = {}

    def grab(self, x: int, y: int, width: int, height: int) -> np.ndarray:
        """That part of the screen, (height, width, 4) BGRX uint8; valid until the next grab of this size."""
        if (width, height) not in self._images:
            self._images[width, height] = self._image(width, height)
        image, _, pixels = self._images[width, height]
        if not self._ext.XShmGetImage(self._display, self._root, image, x, y, c.c_ulong(0xFFFFFFFF)):
            raise OSError("the screen could not be grabbed")
        return pixels

    def _image(self, width: int, height: int) -> tuple[object, _Segment, np.ndarray]:
        visual = c.c_void_p(self._x.XDefaultVisual(self._display, 0))
        depth, segment, zpixmap = self._x.XDefaultDepth(self._display, 0), _Segment(), 2
        image = self._ext.XShmCreateImage(self._display, visual, depth, zpixmap, None, c.byref(segment), width, height)
        row = image.contents.bytes_per_line
        private, create, remove = 0, 0o1600, 0
        segment.shmid = self._libc.shmget(private, c.c_size_t(row * height), create)
        segment.shmaddr = image.contents.data = self._libc.shmat(segment.shmid, None, 0)
        self._ext.XShmAttach(self._display, c.byref(segment))
        self._x.XSync(self._display, 0)
        # It goes away with its last user.
        self._libc.shmctl(segment.shmid, remove, None)
        memory = c.cast(segment.shmaddr, c.POINTER(c.c_uint8))
        pixels = np.ctypeslib.as_array(memory, (height, row))[:, : width * 4].reshape(height, width, 4)
        return image, segment, pixels

"""Frame: the pixels of one picture, which know what picture it is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from fanlight._protocol import FrameHeader

if TYPE_CHECKING:
    _Base = np.ndarray[Any, np.dtype[np.uint8]]
else:
    _Base = np.ndarray


class Frame(_Base):
    """A numpy array (height, width, 3), or (height, width) of grey; dtype uint8.

    Everything that takes an array takes it. Its copies and crops still know which picture they are
    of; what is computed from it is a plain array.
    """

    #: What the server told about the picture.
    header: FrameHeader
    #: The id of the stream it is of.
    stream_id: str

    @classmethod
    def empty(cls, shape: tuple[int, ...], header: FrameHeader, stream_id: str) -> Frame:
        """A frame whose pixels are still to be filled in."""
        return np.ndarray.__new__(cls, shape, np.uint8).of(header, stream_id)

    def of(self, header: FrameHeader, stream_id: str) -> Frame:
        """Say which picture this is."""
        self.header, self.stream_id = header, stream_id
        return self

    @property
    def sequence(self) -> int:
        """Number of the picture in its stream."""
        return self.header.sequence

    @property
    def captured_at(self) -> float:
        """When it was captured, in seconds of unix time."""
        return self.header.captured_at

    @property
    def age(self) -> float:
        """Seconds since it was captured; as right as the clock that `captured_at` was read from."""
        return time.time() - self.captured_at

    @property
    def gap(self) -> int:
        """Pictures of the stream that its reader missed right before it."""
        return self.header.gap

    @property
    def clock(self) -> str | None:
        """What `captured_at` was read from: `camera` (its own clock), or `arrival` at the server.

        None when the server does not say.
        """
        return self.header.clock

    @property
    def stream(self) -> str | None:
        """Which of the camera's streams it is of, `main` or `sub`; None when the server does not say."""
        return self.header.stream

    def __array_finalize__(self, obj: Any) -> None:
        """Let views and copies know which picture they are of."""
        self.header = getattr(obj, "header", _NO_PICTURE)
        self.stream_id = getattr(obj, "stream_id", "")

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        """Make what is computed from a frame a plain array, but for what is computed in place."""
        if array is self:
            return self
        plain = np.asarray(array)
        return plain[()] if plain.ndim == 0 else plain

    def __reduce__(self) -> Any:
        """Pickle it, as processes hand it to each other, with what it knows."""
        pickled: Any = super().__reduce__()
        rebuild, arguments, state = pickled
        return rebuild, arguments, (state, self.header, self.stream_id)

    def __setstate__(self, state: Any) -> None:
        """Unpickle it."""
        pixels, self.header, self.stream_id = state
        super().__setstate__(pixels)


_NO_PICTURE = FrameHeader(sequence=0, captured_ns=0, width=0, height=0, gap=0)

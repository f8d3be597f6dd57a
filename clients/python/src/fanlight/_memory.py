"""Pictures in memory that a server on this machine shares with us, looked at without a copy."""

from __future__ import annotations

import mmap
import os
import socket
import threading
from contextlib import suppress

import numpy as np

from fanlight import _packets
from fanlight._packets import Picture
from fanlight._protocol import Array
from fanlight.errors import ProtocolError

#: Pictures that one connection looks at; beyond them its caller gets copies. The server allows more.
MOST_VIEWS = 8


class Memory:
    """What one connection sees: the segment in use, and the pictures that somebody looks at.

    A picture stays as it is until every array that shows it is gone; then the server is told. Arrays
    may go in any thread, and outlive the connection.
    """

    def __init__(self, connection: socket.socket) -> None:
        """Nothing is mapped yet. `connection` is where the server hears what is given back."""
        self._connection = connection
        self._pid = os.getpid()
        self._segment = 0
        self._bytes: Array = np.empty(0, np.uint8)
        self._lock = threading.Lock()
        #: What could not be sent at once.
        self._unsent: list[int] = []
        #: Pictures that somebody looks at.
        self.views = 0

    def look(self, picture: Picture, descriptors: list[int]) -> Array:
        """The pixels, (height, width, 3), read-only. Closes the descriptors that came with the packet."""
        try:
            if picture.attached and descriptors:
                mapped = mmap.mmap(descriptors[0], 0, mmap.MAP_SHARED, mmap.PROT_READ)
                self._bytes, self._segment = np.frombuffer(mapped, np.uint8), picture.segment
        except (OSError, ValueError) as error:
            raise ProtocolError(f"The server's shared memory cannot be mapped: {error}.") from error
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        header = picture.header
        pixels = self._bytes[picture.offset : picture.offset + header.size]
        if picture.segment != self._segment or pixels.size != header.size:
            raise ProtocolError("The server named shared memory that it did not share.")
        lease = _Lease(self, picture.lease, pixels.reshape(header.height, header.width, 3))
        return np.asarray(lease)

    def flush(self) -> None:
        """Tell the server what it could not be told before."""
        with self._lock:
            unsent, self._unsent = self._unsent, []
        for lease in unsent:
            self._tell(lease)

    def given_back(self, lease: int) -> None:
        """Nobody looks at this picture any more."""
        with self._lock:
            self.views -= 1
        self._tell(lease)

    def _tell(self, lease: int) -> None:
        if self._pid != os.getpid():
            return  # the connection is the parent process's, and so is the lease
        try:
            self._connection.send(_packets.release(lease), socket.MSG_DONTWAIT)
        except BlockingIOError:
            with self._lock:
                self._unsent.append(lease)
        except OSError:
            pass  # the connection is gone, and with it all of its leases


class _Lease:
    """The right to look at one picture. Every array that shows it, however it was cut, holds this."""

    def __init__(self, memory: Memory, number: int, pixels: Array) -> None:
        self._memory, self._number, self._pixels = memory, number, pixels
        with memory._lock:
            memory.views += 1
        #: How numpy finds the pixels; it keeps the object that this stands in.
        self.__array_interface__ = pixels.__array_interface__

    def __del__(self) -> None:
        with suppress(Exception):  # at the interpreter's end, when half of it is gone
            self._memory.given_back(self._number)

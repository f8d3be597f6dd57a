"""Carries exchanges over one connection to the shared-memory socket of a server on this machine."""

from __future__ import annotations

import os
import selectors
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from fanlight import _packets, _protocol
from fanlight._memory import MOST_VIEWS, Memory
from fanlight._packets import Answer, Picture, Told, Welcome
from fanlight._protocol import Request
from fanlight._reading import Exchange, Outcome
from fanlight.errors import TIMED_OUT, ConnectionFailed, FanlightError, ProtocolError

#: Room for the descriptors that come with a packet; one does.
_DESCRIPTORS = 4
_INT = struct.calcsize("i")
_ANCILLARY = socket.CMSG_SPACE(_DESCRIPTORS * _INT) if hasattr(socket, "CMSG_SPACE") else 0


def open_socket() -> socket.socket:
    """A socket of the kind that the server listens on."""
    return socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC)


def receive(connection: socket.socket) -> tuple[Told, list[int]]:
    """The next packet, and the descriptors that came with it."""
    data, ancillary, flags, _ = connection.recvmsg(_packets.LONGEST, _ANCILLARY, socket.MSG_CMSG_CLOEXEC)
    descriptors: list[int] = []
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors += [fd for (fd,) in struct.iter_unpack("i", content[: len(content) // _INT * _INT])]
    try:
        if not data:
            raise ConnectionResetError("the server hung up")
        if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
            raise ProtocolError("The server sent more than it may.")
        told = _packets.parse(data)
    except BaseException:
        close_all(descriptors)
        raise
    return told, descriptors


def close_all(descriptors: list[int]) -> None:
    """Let go of descriptors that nobody asked for."""
    for descriptor in descriptors:
        os.close(descriptor)


def outcome(told: Told, descriptors: list[int], step: Exchange, memory: Memory, is_old: bool) -> Outcome:
    """What an answer means to who asked: pixels to look at or copied, or bytes.

    Raises the error that an unsuccessful answer stands for.
    """
    if isinstance(told, Picture):
        seen = memory.look(told, descriptors)
        if step.view and memory.views <= MOST_VIEWS:
            return Outcome(200, header=told.header, pixels=seen, is_old=is_old)
        if step.allocate is None:
            raise ProtocolError("The server answered with a picture that nobody asked for.")
        pixels = step.allocate(told.header)
        np.copyto(pixels, seen)
        return Outcome(200, header=told.header, pixels=pixels, is_old=is_old)
    body = b""
    try:
        if isinstance(told, Answer):
            body = _content(descriptors.pop()) if told.attached and descriptors else told.body
    finally:
        close_all(descriptors)
    if not isinstance(told, Answer):
        raise ProtocolError("The server welcomed us twice.")
    if told.status >= 300:
        raise _protocol.problem(told.status, body)
    return Outcome(told.status, body)


def _content(descriptor: int) -> bytes:
    """All that is in a file, which is closed."""
    with open(descriptor, "rb") as file:
        return file.read()


class Shared:
    """One connection; opened when needed, dropped when an exchange goes wrong.

    It is used like a `Transport`: for one thread at a time, and a child process that inherits it opens
    its own.
    """

    def __init__(self, path: str, epoch: int, agent: str) -> None:
        """Note where the server's socket is, and which run of the server it must be."""
        self._path, self._epoch, self._agent = path, epoch, agent
        self._connection: socket.socket | None = None
        self._memory: Memory | None = None
        self._pid = os.getpid()
        self._last_id = 0
        #: Whether the server ever welcomed us there.
        self.was_open = False
        #: The request that was sent and not yet answered.
        self._sent: Request | None = None
        self._is_old = False

    def begin(self, step: Exchange) -> None:
        """Send a request, unless one that asks for the same waits for its answer already."""
        if self._pid != os.getpid():
            self.close()
            self._pid = os.getpid()
        if self._sent is not None:
            if step.request.asks_the_same(self._sent):
                self._is_old = self._can_be_read()
                return
            self.close()
        with self._whole_or_closed():
            connection, memory = self._connected(step.deadline)
            memory.flush()
            self._last_id = (self._last_id + 1) & 0xFFFFFFFF
            connection.send(_packets.ask(self._last_id, step.request))
        self._sent, self._is_old = step.request, False

    def finish(self, step: Exchange) -> Outcome:
        """Read the answer to what was begun."""
        with self._whole_or_closed():
            connection, memory = self._connection, self._memory
            if connection is None or memory is None:
                raise ConnectionAbortedError("the connection was closed meanwhile")
            connection.settimeout(_left(step.deadline))
            told, descriptors = receive(connection)
            self._sent = None
            return outcome(told, descriptors, step, memory, self._is_old)

    def fileno(self) -> int:
        """What to wait on, between the halves of an exchange."""
        return -1 if self._connection is None else self._connection.fileno()

    def close(self) -> None:
        """Drop the connection. Who waits for its answer is woken; pictures that are looked at stay."""
        connection = self._connection
        self._connection = self._memory = self._sent = None
        if connection is not None:
            if self._pid == os.getpid():  # else it is a parent process's as well
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _can_be_read(self) -> bool:
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno(), selectors.EVENT_READ)
            return bool(selector.select(0))

    def _connected(self, deadline: float) -> tuple[socket.socket, Memory]:
        if self._connection is None or self._memory is None:
            connection = open_socket()
            try:
                connection.settimeout(_left(deadline))
                connection.connect(self._path)
                connection.send(_packets.hello(self._agent))
                check_welcome(*receive(connection), self._epoch)
            except BaseException:
                connection.close()
                raise
            self._connection, self._memory = connection, Memory(connection)
            self.was_open = True
        self._connection.settimeout(_left(deadline))
        return self._connection, self._memory

    @contextmanager
    def _whole_or_closed(self) -> Iterator[None]:
        """Drop the connection if what is done to it does not end well; an answer that says no is well."""
        try:
            yield
        except FanlightError as error:
            if isinstance(error, ProtocolError):
                self.close()
            raise
        except (TimeoutError, socket.timeout) as error:
            self.close()
            raise late() from error
        except OSError as error:
            self.close()
            raise unreachable(error) from error
        except BaseException:
            self.close()
            raise


def check_welcome(told: Told, descriptors: list[int], epoch: int) -> None:
    """Make sure that this is the very server that told of the socket, and not one of another machine."""
    close_all(descriptors)
    if not isinstance(told, Welcome) or told.version != _packets.VERSION or told.epoch != epoch:
        raise ConnectionRefusedError("it is another server's")


def late() -> ConnectionFailed:
    """A server that did not answer before the deadline."""
    return ConnectionFailed("The server did not answer in time at its shared-memory socket.", code=TIMED_OUT)


def unreachable(error: OSError) -> ConnectionFailed:
    """A server that is gone, or whose socket is not for us."""
    return ConnectionFailed(f"The server's shared memory cannot be reached ({error}). Is Fanlight running?")


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline passed")
    return left


def told_socket(info: dict[str, Any]) -> tuple[str, int] | None:
    """Path and epoch of the socket that a server tells of; None when it has none."""
    told = info.get("shared_memory")
    if isinstance(told, dict):
        path, epoch = told.get("socket"), told.get("epoch")
        if isinstance(path, str) and isinstance(epoch, int):
            return path, epoch
    return None

"""Carries exchanges on an asyncio loop: frames by memory shared with the server, else by HTTP."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Awaitable

from fanlight import _packets, _protocol
from fanlight._frames import can_share
from fanlight._memory import Memory
from fanlight._packets import Told, can_ask
from fanlight._protocol import Address, Request
from fanlight._reading import Exchange, Outcome
from fanlight._shared import check_welcome, late, open_socket, outcome, receive, told_socket, unreachable
from fanlight._transport import Token, agent
from fanlight._wire import Wire
from fanlight.errors import TIMED_OUT, ConnectionFailed, FanlightError, ProtocolError


class FramesWire:
    """One reader's connection, for one task at a time; what `Frames` is for blocking code."""

    def __init__(self, address: Address, token: Token) -> None:
        """Connect to nothing yet."""
        self._http = Wire(address, token)
        self._shared: SharedWire | None = None
        self._is_possible = can_share(address)
        self._is_chosen = not self._is_possible

    @property
    def is_shared(self) -> bool:
        """Whether frames come through shared memory."""
        return self._shared is not None

    async def exchange(self, step: Exchange) -> Outcome:
        """Send a request and read its answer; raises the error that the answer stands for."""
        shared = await self._choose(step)
        if shared is None or not can_ask(step.request):
            return await self._http.exchange(step)
        try:
            return await shared.exchange(step)
        except ConnectionFailed as error:
            if error.code == TIMED_OUT:
                raise
            # As for blocking code: another server may be there now, or the socket is not for us.
            shared.close()
            self._shared, self._is_chosen = None, not shared.was_open
        other: SharedWire | Wire = await self._choose(step) or self._http
        return await other.exchange(step)

    def close(self) -> None:
        """Drop the connections; the next exchange opens another."""
        if self._shared is not None:
            self._shared.close()
        self._http.close()
        self._is_chosen = not self._is_possible

    async def _choose(self, step: Exchange) -> SharedWire | None:
        if self._is_chosen:
            return self._shared
        try:
            told = await self._http.exchange(Exchange(_protocol.info(), step.deadline))
            place = told_socket(_protocol.json_object(told.body))
        except ConnectionFailed:
            raise
        except FanlightError:
            place = None
        self._shared = SharedWire(*place, agent()) if place else None
        self._is_chosen = True
        if place:
            self._http.close()
        return self._shared


class SharedWire:
    """One connection to the shared-memory socket; what `Shared` is for blocking code."""

    def __init__(self, path: str, epoch: int, name: str) -> None:
        """Note where the server's socket is, and which run of the server it must be."""
        self._path, self._epoch, self._agent = path, epoch, name
        self._connection: socket.socket | None = None
        self._memory: Memory | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = os.getpid()
        self._last_id = 0
        self._sent: Request | None = None
        #: Whether the server ever welcomed us there.
        self.was_open = False

    async def exchange(self, step: Exchange) -> Outcome:
        """Send a request and read its answer.

        A task that is cancelled meanwhile leaves the answer to the next exchange, if that asks for the
        same.
        """
        if self._pid != os.getpid() or self._loop is not asyncio.get_running_loop():
            self.close()
        is_old = False
        if self._sent is not None:
            if step.request.asks_the_same(self._sent):
                is_old = self._can_be_read()
            else:
                self.close()
        try:
            connection, memory = await self._connected(step.deadline)
            if self._sent is None:
                memory.flush()
                self._last_id = (self._last_id + 1) & 0xFFFFFFFF
                connection.send(_packets.ask(self._last_id, step.request))
                self._sent = step.request
            told, descriptors = await _next(connection, step.deadline)
            self._sent = None
            return outcome(told, descriptors, step, memory, is_old)
        except asyncio.CancelledError:
            raise
        except ProtocolError:
            self.close()
            raise
        except FanlightError:
            raise
        except TimeoutError as error:
            self.close()
            raise late() from error
        except OSError as error:
            self.close()
            raise unreachable(error) from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Drop the connection; pictures that are looked at stay."""
        connection = self._connection
        self._connection = self._memory = self._sent = None
        if connection is not None:
            connection.close()

    def _can_be_read(self) -> bool:
        assert self._connection is not None
        try:
            return bool(self._connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except BlockingIOError:
            return False
        except OSError:
            return True  # what is wrong is told by reading

    async def _connected(self, deadline: float) -> tuple[socket.socket, Memory]:
        if self._connection is None or self._memory is None:
            loop, connection = asyncio.get_running_loop(), open_socket()
            try:
                connection.setblocking(False)
                await _in_time(loop.sock_connect(connection, self._path), deadline)
                connection.send(_packets.hello(self._agent))
                check_welcome(*await _next(connection, deadline), self._epoch)
            except BaseException:
                connection.close()
                raise
            self._connection, self._memory = connection, Memory(connection)
            self._loop, self._pid, self.was_open = loop, os.getpid(), True
        return self._connection, self._memory


async def _next(connection: socket.socket, deadline: float) -> tuple[Told, list[int]]:
    """The next packet, once it is there."""
    while True:
        try:
            return receive(connection)
        except BlockingIOError:
            await _readable(connection, deadline)


async def _readable(connection: socket.socket, deadline: float) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(connection, _set, ready)
    try:
        await _in_time(ready, deadline)
    finally:
        loop.remove_reader(connection)


def _set(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


async def _in_time(awaited: Awaitable[None], deadline: float) -> None:
    left = deadline - time.monotonic()
    try:
        await asyncio.wait_for(awaited, max(left, 0.0))
    except asyncio.TimeoutError as error:
        raise TimeoutError("the deadline passed") from error

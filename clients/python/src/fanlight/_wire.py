"""Carries exchanges over one kept-alive HTTP connection on an asyncio loop. No threads.

A protocol of its own instead of a stream reader, for two reasons: pixels are received straight into
their array, and a caller that is cancelled leaves its answer to the next one instead of breaking it.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from typing import Optional

from fanlight import _environment, _protocol
from fanlight._protocol import Address, Array, Request
from fanlight._reading import Exchange, Outcome
from fanlight._transport import Token, agent, late, untrusted
from fanlight.errors import TIMED_OUT, ConnectionFailed, FanlightError, ProtocolError

#: The longest head of an answer, in bytes.
_LONGEST_HEAD = 64 << 10
#: The longest body that is no frame, in bytes.
_LONGEST_BODY = 256 << 20


class Wire:
    """One connection to one server, for one task at a time; what `Transport` is for blocking code."""

    def __init__(self, address: Address, token: Token = _environment.token) -> None:
        """Connect to nothing yet."""
        self.address = address
        self._token_of = token
        self._token: str | None = None
        self._connection: _Connection | None = None
        self._sent: Request | None = None

    async def exchange(self, step: Exchange) -> Outcome:
        """Send a request and read its answer; raises the error that the answer stands for.

        Raises ConnectionFailed when there is none in time. A task that is cancelled meanwhile leaves
        the answer to the next exchange, if that asks for the same.
        """
        kept = self._is_usable()
        is_old = False
        if kept and self._sent is not None:
            if not step.request.asks_the_same(self._sent):
                self.close()
                kept = False
            else:
                assert self._connection is not None
                is_old = self._connection.is_answered
        try:
            return await self._try(step, is_old)
        except ConnectionFailed as error:
            if not kept or error.code == TIMED_OUT:
                raise
        return await self._try(step, False)

    def close(self) -> None:
        """Drop the connection; the next exchange opens another."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._sent = None

    def _is_usable(self) -> bool:
        """Whether there is an open connection of this process and this loop."""
        if self._connection is not None and not self._connection.is_usable():
            self.close()
        return self._connection is not None

    async def _try(self, step: Exchange, is_old: bool) -> Outcome:
        where = self.address.url
        try:
            connection = self._connection or await self._connected(step.deadline)
            if self._sent is None:
                connection.send(self._words(step.request), step)
                self._sent = step.request
            status, headers, body, pixels = await connection.answer(step.deadline)
        except asyncio.CancelledError:
            raise
        except TimeoutError as error:
            self.close()
            raise late(where) from error
        except ssl.SSLCertVerificationError as error:
            self.close()
            raise untrusted(where, error) from error
        except OSError as error:
            self.close()
            raise ConnectionFailed(
                f"The server at {where} cannot be reached ({error}). Is Fanlight running there?"
            ) from error
        except BaseException:
            self.close()
            raise
        self._sent = None
        if status == 401 or headers.get("connection", "").lower() == "close":
            self.close()  # so that the token is looked up anew
        if status >= 300:
            raise _protocol.problem(status, body)
        header = None if pixels is None else _protocol.frame_header(headers)
        return Outcome(status, body, header, pixels, is_old)

    async def _connected(self, deadline: float) -> _Connection:
        loop, failure = asyncio.get_running_loop(), None
        context = ssl.create_default_context() if self.address.tls else None
        name = self.address.host if self.address.tls else None
        for host in self.address.addresses:
            left = _left(deadline)
            opening = loop.create_connection(
                _Connection, host, self.address.port, ssl=context, server_hostname=name
            )
            try:
                _, connection = await asyncio.wait_for(opening, left)
            except asyncio.TimeoutError as error:
                raise TimeoutError("the deadline passed") from error
            except ssl.SSLCertVerificationError:
                raise
            except OSError as error:
                failure = failure or error
                continue
            self._connection, self._token = connection, self._token_of(self.address)
            return connection
        raise failure or OSError("the server has no address")

    def _words(self, request: Request) -> bytes:
        host = f"[{self.address.host}]" if ":" in self.address.host else self.address.host
        body = request.body or b""
        lines = [f"{request.method} {self.address.prefix}{request.path} HTTP/1.1"]
        lines += [f"Host: {host}:{self.address.port}"]
        lines += [f"{name}: {value}" for name, value in request.head(agent(), self._token).items()]
        lines += [f"Content-Length: {len(body)}"] if request.method != "GET" else []
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


#: Status, headers, body, and the pixels of a frame.
_Answer = tuple[int, dict[str, str], bytes, Optional[Array]]


class _Connection(asyncio.BufferedProtocol):
    """Receives one answer at a time: its head into a buffer, its body straight to where it belongs."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._pid = os.getpid()
        self._transport: asyncio.Transport | None = None
        self._chunk = bytearray(_LONGEST_HEAD)
        self._head = bytearray()
        self._step: Exchange | None = None
        self._told: tuple[int, dict[str, str]] = (0, {})
        self._pixels: Array | None = None
        self._body = bytearray()
        self._target: memoryview | None = None
        self._filled = 0
        self._done: asyncio.Future[_Answer] | None = None

    # What the wire asks for

    def is_usable(self) -> bool:
        """Whether it is open, and belongs to this process and loop."""
        is_open = self._transport is not None and not self._transport.is_closing()
        return is_open and self._pid == os.getpid() and self._loop is asyncio.get_running_loop()

    @property
    def is_answered(self) -> bool:
        """Whether the answer lies there already."""
        return self._done is not None and self._done.done()

    def send(self, words: bytes, step: Exchange) -> None:
        """Send a request, whose answer the step knows how to take."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("the connection is closed")
        self._step, self._pixels, self._target, self._filled = step, None, None, 0
        self._head.clear()
        self._done = self._loop.create_future()
        # A failure that nobody waits for any more is told by the next exchange.
        self._done.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._transport.write(words)

    async def answer(self, deadline: float) -> _Answer:
        """The answer to what was sent. When the caller is cancelled it goes on coming."""
        assert self._done is not None
        done, _ = await asyncio.wait([self._done], timeout=max(0.0, deadline - time.monotonic()))
        if not done:
            raise TimeoutError("the deadline passed")
        return self._done.result()

    def close(self) -> None:
        """Drop it."""
        transport, self._transport = self._transport, None
        if transport is not None and self._pid == os.getpid() and not self._loop.is_closed():
            transport.abort()

    # What the loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc if isinstance(exc, OSError) else ConnectionResetError("the server hung up"))

    def get_buffer(self, sizehint: int) -> memoryview:
        return memoryview(self._chunk) if self._target is None else self._target[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        if self._done is None or self._done.done():
            self.close()  # nothing was asked for
        elif self._target is not None:
            self._filled += nbytes
            self._end_if_whole()
        else:
            self._head += memoryview(self._chunk)[:nbytes]
            end = self._head.find(b"\r\n\r\n")
            if end >= 0:
                self._begin_body(end + 4)
            elif len(self._head) >= _LONGEST_HEAD or not b"HTTP/1.".startswith(self._head[:7]):
                self._fail(ProtocolError("What answers does not speak HTTP as Fanlight does."))

    def eof_received(self) -> bool:
        return False

    # The parts of an answer

    def _begin_body(self, end: int) -> None:
        assert self._step is not None
        try:
            status, headers = _protocol.response_head(bytes(self._head[:end]))
            length = 0 if status == 204 else _length(headers)
            self._told = status, headers
            if status == 200 and self._step.allocate is not None:
                self._pixels = self._step.allocate(_protocol.frame_header(headers))
                self._target = self._pixels.data.cast("B")
            else:
                self._body = bytearray(length)
                self._target = memoryview(self._body)
            early = self._head[end:]
            if len(early) > len(self._target):
                raise ProtocolError("The server sent more than it announced.")
        except FanlightError as error:
            self._fail(error)
            return
        self._target[: len(early)] = early
        self._filled = len(early)
        self._end_if_whole()

    def _end_if_whole(self) -> None:
        if self._target is not None and self._filled == len(self._target) and self._done is not None:
            body = b"" if self._pixels is not None else bytes(self._body)
            self._target = None
            self._done.set_result((*self._told, body, self._pixels))

    def _fail(self, error: Exception) -> None:
        self.close()
        if self._done is not None and not self._done.done():
            self._done.set_exception(error)


def _length(headers: dict[str, str]) -> int:
    text = headers.get("content-length", "")
    if not text.isascii() or not text.isdigit() or int(text) > _LONGEST_BODY:
        raise ProtocolError("The server does not say how long its answer is; is this a Fanlight server?")
    return int(text)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline passed")
    return left

"""Carries exchanges over one kept-alive HTTP connection. No threads, and no clock but the deadline.

Every wait on the socket is armed with what is left until the deadline of the whole exchange, so a
server that is dead, stopped or dripping cannot hold a caller longer than asked. An exchange has two
halves, so that a caller with several connections can wait for whichever answers first.
"""

from __future__ import annotations

import http.client
import os
import selectors
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from fanlight import _environment, _protocol
from fanlight._protocol import Address, Array, Request
from fanlight._reading import Exchange, Outcome
from fanlight.errors import TIMED_OUT, ConnectionFailed, ProtocolError

#: Python 3.9 raises its own socket.timeout, later ones TimeoutError.
_TIMEOUTS = (TimeoutError, socket.timeout)

#: Tells the token for a server, or None.
Token = Callable[[Address], "str | None"]


def token_source(token: str | None) -> Token:
    """The token that was given; without one what the surroundings tell, asked at each connection."""
    return _environment.token if token is None else lambda _: token


def agent() -> str:
    """How this process names itself."""
    return _protocol.user_agent(sys.argv[0] if sys.argv else "", os.getpid())


def late(where: str) -> ConnectionFailed:
    """A server that did not answer before the deadline."""
    return ConnectionFailed(f"The server at {where} did not answer in time.", code=TIMED_OUT)


def untrusted(where: str, error: ssl.SSLCertVerificationError) -> ConnectionFailed:
    """A server whose certificate is not trusted, with what to do about it."""
    return ConnectionFailed(
        f"The certificate of {where} is not trusted ({error.verify_message})."
        " The environment variable SSL_CERT_FILE names a file of those to trust.",
        code="tls_failed",
    )


class Transport:
    """One connection to one server; opened when needed, dropped when an exchange goes wrong.

    For one thread at a time. A child process that inherits it opens a connection of its own.
    """

    def __init__(self, address: Address, token: Token = _environment.token) -> None:
        """Connect to nothing yet."""
        self.address = address
        self._token_of = token
        self._token: str | None = None
        self._http: http.client.HTTPConnection | None = None
        self._socket: _TimedSocket | _TimedTls | None = None
        self._pid = os.getpid()
        #: The request that was sent and not yet answered.
        self._sent: Request | None = None
        self._is_old = self._was_kept = False

    def exchange(self, step: Exchange) -> Outcome:
        """Send a request and read its answer; raises the error that the answer stands for.

        Raises ConnectionFailed when there is none in time. A kept connection that the server closed
        meanwhile is replaced once; every request of the protocol may be sent twice.
        """
        self.begin(step)
        return self.finish(step)

    def call(self, request: Request, timeout: float) -> dict[str, Any]:
        """Make a call that answers a JSON object, in at most `timeout` seconds."""
        return _protocol.json_object(self.exchange(Exchange.within(request, timeout)).body)

    def begin(self, step: Exchange) -> None:
        """Send a request, unless one that asks for the same waits for its answer already."""
        if self._pid != os.getpid():
            self.close()
            self._pid = os.getpid()
        if self._sent is not None:
            if step.request.asks_the_same(self._sent):
                self._is_old, self._was_kept = self._can_be_read(), True
                return
            self.close()
        self._was_kept = self._http is not None
        try:
            self._send(step)
        except ConnectionFailed as error:
            if not self._may_try_again(error):
                raise
            self._send(step)

    def finish(self, step: Exchange) -> Outcome:
        """Read the answer to what was begun."""
        try:
            return self._receive(step)
        except ConnectionFailed as error:
            if not self._may_try_again(error):
                raise
            self._send(step)
            return self._receive(step)

    def fileno(self) -> int:
        """What to wait on, between the halves of an exchange."""
        return -1 if self._socket is None else self._socket.fileno()

    def close(self) -> None:
        """Drop the connection; the next request opens another. Who waits for its answer is woken."""
        connection, opened = self._http, self._socket
        self._http = self._socket = self._sent = None
        if opened is not None and self._pid == os.getpid():  # else it is a parent process's as well
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
        if connection is not None:
            connection.close()

    def _may_try_again(self, error: ConnectionFailed) -> bool:
        """Once, when a kept connection turns out to be closed; never when the time is up."""
        was_kept, self._was_kept = self._was_kept, False
        return was_kept and error.code != TIMED_OUT

    def _send(self, step: Exchange) -> None:
        request = step.request
        with self._whole_or_closed():
            connection = self._connected(step.deadline)
            head = request.head(agent(), self._token)
            connection.request(request.method, self.address.prefix + request.path, request.body, head)
        self._sent, self._is_old = request, False

    def _receive(self, step: Exchange) -> Outcome:
        with self._whole_or_closed():
            connection = self._http
            if connection is None or self._socket is None:
                raise ConnectionAbortedError("the connection was closed meanwhile")
            self._socket.deadline = step.deadline
            response = connection.getresponse()
            headers = _protocol.lower(response.getheaders())
            if response.status == 200 and step.allocate is not None:
                header = _protocol.frame_header(headers)
                pixels = step.allocate(header)
                _read_into(response, pixels)
                outcome = Outcome(200, header=header, pixels=pixels, is_old=self._is_old)
            else:
                outcome = Outcome(response.status, response.read())
        self._sent = None
        if outcome.status >= 300:
            if outcome.status == 401:
                self.close()  # so that the token is looked up anew
            raise _protocol.problem(outcome.status, outcome.body)
        return outcome

    def _can_be_read(self) -> bool:
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno(), selectors.EVENT_READ)
            return bool(selector.select(0))

    @contextmanager
    def _whole_or_closed(self) -> Iterator[None]:
        """Drop the connection if what is done to it does not end well, and tell it as our own error."""
        where = self.address.url
        try:
            yield
        except _TIMEOUTS as error:
            self.close()
            raise late(where) from error
        except ssl.SSLCertVerificationError as error:
            self.close()
            raise untrusted(where, error) from error
        except (OSError, http.client.IncompleteRead) as error:
            self.close()
            raise ConnectionFailed(
                f"The server at {where} cannot be reached ({error}). Is Fanlight running there?"
            ) from error
        except http.client.HTTPException as error:
            self.close()
            raise ProtocolError(f"What answers at {where} does not speak HTTP as Fanlight does.") from error
        except BaseException:
            self.close()
            raise

    def _connected(self, deadline: float) -> http.client.HTTPConnection:
        connection, opened = self._http, self._socket
        if connection is None or connection.sock is None or opened is None:
            opened = _connect(self.address, deadline)
            self._token = self._token_of(self.address)
            # The server's name stays in the Host header, whichever of its addresses answered.
            connection = http.client.HTTPConnection(self.address.host, self.address.port)
            connection.sock = opened
            self._http, self._socket = connection, opened
        opened.deadline = deadline
        return connection


class _TimedSocket(socket.socket):
    """A socket whose every call ends at one deadline (monotonic seconds)."""

    deadline = 0.0

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(_left(self.deadline))
        return super().recv_into(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        self.settimeout(_left(self.deadline))
        super().sendall(*args, **kwargs)


class _TimedTls(ssl.SSLSocket):
    """The same over TLS."""

    deadline = 0.0

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(_left(self.deadline))
        return super().recv_into(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        self.settimeout(_left(self.deadline))
        super().sendall(*args, **kwargs)


def _read_into(response: http.client.HTTPResponse, pixels: Array) -> None:
    """Fill a contiguous array with the body; the pixels are copied once, by the kernel."""
    target, filled = pixels.data.cast("B"), 0
    while filled < len(target):
        count = response.readinto(target[filled:])
        if not count:
            raise ConnectionResetError("the body ended early")
        filled += count


def _connect(address: Address, deadline: float) -> _TimedSocket | _TimedTls:
    failure: OSError | None = None
    for host in address.addresses:
        try:
            plain = socket.create_connection((host, address.port), _left(deadline))
        except OSError as error:
            failure = failure or error
            continue
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not address.tls:
            return _TimedSocket(plain.family, plain.type, plain.proto, plain.detach())
        context = ssl.create_default_context()
        context.sslsocket_class = _TimedTls
        try:
            wrapped = context.wrap_socket(plain, server_hostname=address.host)
        except BaseException:
            plain.close()
            raise
        assert isinstance(wrapped, _TimedTls)
        return wrapped
    raise failure or OSError("the server has no address")


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline passed")
    return left

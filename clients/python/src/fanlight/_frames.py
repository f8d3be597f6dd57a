"""The connection that frames come by: memory shared with a server on this machine, else HTTP.

Chosen anew whenever a connection is opened, by what the server tells of itself.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

from fanlight import _protocol
from fanlight._packets import can_ask
from fanlight._protocol import Address
from fanlight._reading import Exchange, Outcome
from fanlight._shared import Shared, told_socket
from fanlight._transport import Token, Transport, agent
from fanlight.errors import TIMED_OUT, ConnectionFailed, FanlightError

#: With this environment variable set to 0, frames come over HTTP.
SWITCH = "FANLIGHT_SHARED_MEMORY"

_log = logging.getLogger("fanlight")


def can_share(address: Address) -> bool:
    """Whether a server at this address may share memory with us."""
    return sys.platform == "linux" and address.is_loopback and os.environ.get(SWITCH) != "0"


class Frames:
    """One reader's connection; used like the `Transport` and the `Shared` that it is made of."""

    def __init__(self, address: Address, token: Token) -> None:
        """Connect to nothing yet."""
        self._http = Transport(address, token)
        self._shared: Shared | None = None
        self._is_possible = can_share(address)
        self._is_chosen = not self._is_possible
        self._pid = os.getpid()
        #: What the last request was sent by.
        self._active: Transport | Shared = self._http

    @property
    def is_shared(self) -> bool:
        """Whether frames come through shared memory."""
        return self._shared is not None

    def exchange(self, step: Exchange) -> Outcome:
        """Send a request and read its answer; raises the error that the answer stands for."""
        self.begin(step)
        return self.finish(step)

    def call(self, request: _protocol.Request, timeout: float) -> dict[str, Any]:
        """Make a call that answers a JSON object, in at most `timeout` seconds."""
        return _protocol.json_object(self.exchange(Exchange.within(request, timeout)).body)

    def begin(self, step: Exchange) -> None:
        """Send a request, unless one that asks for the same waits for its answer already."""
        if self._pid != os.getpid():
            self._pid, self._is_chosen = os.getpid(), not self._is_possible
        self._choose(step)
        self._active = self._shared if self._shared and can_ask(step.request) else self._http
        try:
            self._active.begin(step)
        except ConnectionFailed as error:
            self._begin_anew(step, error)

    def finish(self, step: Exchange) -> Outcome:
        """Read the answer to what was begun."""
        try:
            return self._active.finish(step)
        except ConnectionFailed as error:
            self._begin_anew(step, error)
            return self._active.finish(step)

    def fileno(self) -> int:
        """What to wait on, between the halves of an exchange."""
        return self._active.fileno()

    def close(self) -> None:
        """Drop the connections; the next request opens another. Who waits for its answer is woken."""
        if self._shared is not None:
            self._shared.close()
        self._http.close()
        self._is_chosen = not self._is_possible

    def _choose(self, step: Exchange) -> None:
        """Ask the server for its shared memory, before the first request of a connection."""
        if self._is_chosen:
            return
        try:
            told = self._http.exchange(Exchange(_protocol.info(), step.deadline))
            socket = told_socket(_protocol.json_object(told.body))
        except ConnectionFailed:
            raise
        except FanlightError:
            socket = None  # another kind of server; what it thinks of the frame, it will say itself
        self._shared = Shared(*socket, agent()) if socket else None
        self._is_chosen = True
        if socket:
            self._http.close()

    def _begin_anew(self, step: Exchange, error: ConnectionFailed) -> None:
        """Once, when shared memory turns out to be out of reach; never when the time is up.

        The server may have been replaced by another, with a socket of its own, or it may not be for us,
        as in a container: then HTTP is.
        """
        failed = self._shared
        if self._active is not failed or failed is None or error.code == TIMED_OUT:
            raise error
        was_open = failed.was_open
        failed.close()
        self._shared, self._is_chosen = None, not was_open
        self._choose(step)
        if not was_open:
            _log.debug("frames come over HTTP: %s", error)
        self._active = self._shared or self._http
        self._active.begin(step)

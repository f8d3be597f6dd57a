"""Everything that can go wrong, as one tree.

    FanlightError
    |-- ConnectionFailed        no answer: the server is not there, hung up, or took too long
    |-- ProtocolError           an answer that is not Fanlight's
    |-- InvalidRequest          the request is at fault: id, URL, scheme or size
    |-- Forbidden               the server does not serve this caller
    |-- StreamNotFound          no stream with this id
    |-- StreamExists            the id is taken by another URL
    |-- StreamInUse             others still read the stream
    |-- ConsumerKicked          somebody disconnected this reader
    |-- QuotaExceeded           the server's limits are reached
    |-- StreamNotRunning        the stream exists and gives no frames
    |   `-- CameraFailed        ... because the camera is at fault
    |       |-- AuthFailed          user name or password
    |       |-- CameraNotFound      no such path on the camera
    |       `-- CameraUnreachable   nobody answers at this address
    |-- NoFrame                 no new frame in the time given (also a TimeoutError)
    `-- ServerFailed            the server's own fault

Each carries the server's stable `code`, the HTTP `status` (None where there was no answer), and a
sentence a person can act on as its text.
"""

from __future__ import annotations

#: The code of a ConnectionFailed that is a matter of time alone.
TIMED_OUT = "timed_out"


class FanlightError(Exception):
    """What all errors of this package have in common: a text, a stable `code`, an HTTP `status`."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None, status: int | None = None) -> None:
        """Keep the server's code where it gave one; the class's own otherwise."""
        super().__init__(message)
        self.code = code or type(self).code
        self.status = status


class ConnectionFailed(FanlightError):
    """The server is not there, hung up, or did not answer in the time given."""

    code = "connection_failed"


class ProtocolError(FanlightError):
    """Something answered, and it does not speak as Fanlight does."""

    code = "protocol_error"


class InvalidRequest(FanlightError):
    """The server refuses the request as it is: id, URL, scheme or size."""

    code = "invalid_request"


class Forbidden(FanlightError):
    """The server does not serve this caller (host name, origin or token)."""

    code = "forbidden"


class StreamNotFound(FanlightError):
    """No stream has this id."""

    code = "stream_not_found"


class StreamExists(FanlightError):
    """The id is taken by a stream with another URL."""

    code = "stream_exists"


class StreamInUse(FanlightError):
    """Others still read the stream, so it is not stopped."""

    code = "stream_in_use"


class ConsumerKicked(FanlightError):
    """Somebody disconnected this reader from the stream; it does not come back by itself."""

    code = "consumer_kicked"


class QuotaExceeded(FanlightError):
    """The server's limits are reached."""

    code = "quota_exceeded"


class StreamNotRunning(FanlightError):
    """The stream exists and gives no frames now."""

    code = "stream_not_running"


class CameraFailed(StreamNotRunning):
    """The stream gives no frames because of its camera; `code` says what is wrong with it."""

    code = "camera_failed"


class AuthFailed(CameraFailed):
    """The camera refuses the user name or the password."""

    code = "auth_failed"


class CameraNotFound(CameraFailed):
    """The camera answers and knows no such path."""

    code = "camera_not_found"


class CameraUnreachable(CameraFailed):
    """Nobody answers at the camera's address."""

    code = "camera_unreachable"


class ServerFailed(FanlightError):
    """The server failed on its own."""

    code = "server_error"


class NoFrame(FanlightError, TimeoutError):
    """The stream gave no new frame in the time that an iteration may wait for one."""

    code = "no_frame"

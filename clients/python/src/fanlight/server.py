"""Server: the cameras of a Fanlight server, to list, add, change, test and remove."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any

from fanlight import _environment, _protocol
from fanlight._protocol import Address
from fanlight._transport import Transport, token_source
from fanlight.client import RTSPStreamClient

#: How long a test of a camera may take, in seconds: the server gives up on one before.
_PROBE = 40.0


class Server:
    """A server, by its URL; without one that of FANLIGHT_URL, else http://127.0.0.1:8080.

    What its methods return is what docs/API.md of Fanlight describes, read from JSON. They raise the
    errors of `fanlight.errors`. For one thread at a time.
    """

    def __init__(self, url: str | None = None, *, timeout: float = 5.0, token: str | None = None) -> None:
        """Name the server; nothing is sent yet. `timeout` bounds each call but `probe`, in seconds."""
        self._address = Address.parse(url or _environment.server_url())
        self.timeout = timeout
        self._token = token
        self._transport = Transport(self._address, token_source(token))

    def __enter__(self) -> Server:
        """Return the server itself; nothing is sent."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect."""
        self.close()

    @property
    def url(self) -> str:
        """Where it is."""
        return self._address.url

    def info(self) -> dict[str, Any]:
        """Its name, version and FFmpeg."""
        return self._call(_protocol.info())

    def streams(self) -> list[dict[str, Any]]:
        """All its streams."""
        found = self._call(_protocol.streams()).get("streams")
        return [stream for stream in found if isinstance(stream, dict)] if isinstance(found, list) else []

    def stream(self, stream_id: str) -> dict[str, Any]:
        """One stream in full."""
        return self._call(_protocol.stream(stream_id))

    def consumers(self, stream_id: str) -> list[dict[str, Any]]:
        """Who reads a stream."""
        return list(self._call(_protocol.consumers(stream_id)).get("consumers") or [])

    def add(self, stream_id: str | None, url: str, **settings: Any) -> dict[str, Any]:
        """Start a stream; without an id the server derives one from the URL. Settings are the API's."""
        return self._call(_protocol.start(stream_id, url, **settings))

    def change(self, stream_id: str, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Change settings of a stream, whose readers stay; the stream as it is now."""
        return self._call(_protocol.change(stream_id, settings))

    def restart(self, stream_id: str) -> None:
        """Connect a stream to its camera anew, at once."""
        self._call(_protocol.restart(stream_id))

    def remove(self, stream_id: str, *, force: bool = False) -> None:
        """Stop a stream; raises StreamInUse while others read it, unless forced."""
        self._call(_protocol.stop(stream_id, force=force))

    def probe(self, url: str, *, tls_fingerprint: str | None = None) -> dict[str, Any]:
        """Test a camera without adding it: what it sends, or raises why it cannot be read. Takes seconds."""
        return self._transport.call(_protocol.probe(url, tls_fingerprint), _PROBE)

    def client(self, stream_id: str, **options: Any) -> RTSPStreamClient:
        """A reader of one of its streams; the options are those of RTSPStreamClient."""
        return RTSPStreamClient(self.url, stream_id, token=self._token, **options)

    def close(self) -> None:
        """Disconnect."""
        self._transport.close()

    def _call(self, request: _protocol.Request) -> dict[str, Any]:
        return self._transport.call(request, self.timeout)

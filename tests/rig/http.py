"""One HTTP request as written, hostile ones too: nothing is completed, checked or followed."""

import contextlib
import http.client
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()

    def problem(self, status: int, code: str) -> str:
        """The sentence of an error, whose form is checked (RFC 9457, and `error` for older clients)."""
        assert self.status == status, self.text
        assert self.headers["content-type"] == "application/problem+json", self.headers
        told = self.json
        assert (told["status"], told["code"]) == (status, code), told
        assert len(told["error"].split()) >= 3, told
        return str(told["error"])


def send(
    port: int,
    method: str,
    path: str,
    body: bytes | dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
    timeout: float = 15.0,
) -> Answer:
    """Send to 127.0.0.1:port; a dict goes as JSON. `headers` replace those that are usual."""
    usual = {"Host": f"127.0.0.1:{port}"}
    if isinstance(body, dict):
        body = json.dumps(body).encode()
    if body is not None:
        usual |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in (usual | (headers or {})).items():
            connection.putheader(name, value)
        # A request may be refused before all of its body was sent; the answer is there to read.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.endheaders(body)
        response = connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()

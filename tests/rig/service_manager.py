"""Stands in for systemd: the socket on which a service tells how it goes (sd_notify(3))."""

import socket
import threading
import time
from pathlib import Path

from rig.waiting import eventually


class ServiceManager:
    """Collects what a service says: `READY=1` and the like, with the time at which it came."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._said: list[tuple[float, list[str]]] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                message = self._socket.recv(65536).decode()
            except OSError:
                return
            self._said.append((time.monotonic(), message.splitlines()))

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def said(self) -> list[str]:
        """Every line so far."""
        return [line for _, lines in list(self._said) for line in lines]

    def together(self, line: str) -> list[str]:
        """What came in one message with the last of such lines."""
        return [lines for _, lines in list(self._said) if line in lines][-1]

    def times(self, line: str) -> list[float]:
        """When a line came, by the monotonic clock."""
        return [at for at, lines in list(self._said) if line in lines]

    def wait_for(self, line: str, count: int = 1, within: float = 8.0) -> None:
        eventually(lambda: self.said().count(line) >= count, within)

"""A scripted socket that plays the server, for what the real one does not do."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

Play = Callable[[Callable[[socket.socket], None]], str]


@pytest.fixture
def play() -> Iterator[Play]:
    """Start a server that serves every connection with a script; its URL."""
    open_now: list[socket.socket] = []

    def serve(script: Callable[[socket.socket], None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        open_now.append(listener)

        def run() -> None:
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                open_now.append(peer)
                threading.Thread(target=guarded, args=(peer,), daemon=True).start()

        def guarded(peer: socket.socket) -> None:
            try:
                script(peer)
            except OSError:
                return

        threading.Thread(target=run, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield serve
    for each in open_now:
        each.close()


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not what the developer's own Fanlight has left."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/nowhere")
    # The scripts play the server's HTTP; shared memory has tests of its own.
    monkeypatch.setenv("FANLIGHT_SHARED_MEMORY", "0")
    for name in ("FANLIGHT_URL", "FANLIGHT_TOKEN"):
        monkeypatch.delenv(name, raising=False)

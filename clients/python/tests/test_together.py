"""Several cameras at once when one of them does not behave. Scripted servers play both."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable

import pytest
from conftest import Play
from test_faults import PIXELS, drip_headers, drip_pixels, hang_up, request_line, say_nothing

from fanlight import AsyncClient, RTSPStreamClient, read_synchronised, read_synchronised_async

#: The time at which the scripted cameras capture, from the start of the test on.
START = time.time()
FRAME = (
    b"HTTP/1.1 200 OK\r\ncontent-length: 36\r\nx-frame-sequence: %d\r\nx-frame-timestamp: %d\r\n"
    b"x-frame-width: 4\r\nx-frame-height: 3\r\nx-frame-gap: 0\r\n\r\n"
)


def every(seconds: float, phase: float = 0.0) -> Callable[[socket.socket], None]:
    """A camera that captures so often; each request waits for the next frame."""

    def script(peer: socket.socket) -> None:
        last = -1
        while True:
            request_line(peer)
            number = max(last + 1, int((time.time() - START - phase) / seconds))
            captured = START + phase + number * seconds
            time.sleep(max(0.0, captured - time.time()))
            peer.sendall(FRAME % (number, int(captured * 1e9)) + PIXELS)
            last = number

    return script


@pytest.mark.parametrize("script", [drip_headers, drip_pixels, say_nothing, hang_up])
def test_a_bad_server_holds_up_nobody_for_longer_than_asked(
    play: Play, script: Callable[[socket.socket], None]
) -> None:
    clients = [RTSPStreamClient(play(every(0.04)), "good"), RTSPStreamClient(play(script), "bad")]
    for _ in range(2):
        started = time.monotonic()
        assert read_synchronised(clients, timeout=0.5) is None
        assert 0.4 < time.monotonic() - started < 0.8
    frame = clients[0].get_frame(1)
    assert frame is not None
    assert frame.age < 0.3
    for client in clients:
        client.close()


def test_no_server_at_all(play: Play) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    clients = [RTSPStreamClient(f"http://127.0.0.1:{port}", "cam") for _ in range(2)]
    started = time.monotonic()
    assert read_synchronised(clients, timeout=0.5) is None
    assert 0.4 < time.monotonic() - started < 0.8
    assert all(client.last_error for client in clients)


@pytest.mark.parametrize("slow", [0.04, 0.2])
def test_cameras_of_different_rates_and_phases(play: Play, slow: float) -> None:
    clients = [RTSPStreamClient(play(every(0.04)), "a"), RTSPStreamClient(play(every(slow, 0.013)), "b")]
    seen: list[tuple[int, int]] = []
    for _ in range(5):
        pair = read_synchronised(clients, tolerance=0.025, timeout=2)
        assert pair is not None
        assert abs(pair[0].captured_at - pair[1].captured_at) <= 0.025
        seen.append((pair[0].sequence, pair[1].sequence))
    for numbers in zip(*seen):
        assert list(numbers) == sorted(set(numbers))
    for client in clients:
        client.close()


def test_the_same_by_asyncio(play: Play) -> None:
    async def read() -> None:
        clients = [AsyncClient(play(every(0.04)), "a"), AsyncClient(play(every(0.2, 0.013)), "b")]
        for _ in range(5):
            pair = await read_synchronised_async(clients, tolerance=0.025, timeout=2)
            assert pair is not None
        clients[1].close()
        clients[1] = AsyncClient(play(say_nothing), "bad")
        started = time.monotonic()
        assert await read_synchronised_async(clients, timeout=0.5) is None
        assert time.monotonic() - started < 0.8
        for client in clients:
            client.close()

    asyncio.run(read())


def test_what_was_asked_for_in_vain_is_asked_once(play: Play) -> None:
    asked: list[bytes] = []
    may_answer = threading.Event()

    def late(peer: socket.socket) -> None:
        asked.append(request_line(peer))
        may_answer.wait(5)
        peer.sendall(FRAME % (1, int(time.time() * 1e9)) + PIXELS)
        asked.append(request_line(peer))
        peer.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    clients = [RTSPStreamClient(play(every(0.04)), "a"), RTSPStreamClient(play(late), "b")]
    assert read_synchronised(clients, timeout=0.3) is None
    may_answer.set()
    time.sleep(0.1)
    frame = clients[1].get_frame(1)
    assert frame is not None
    assert frame.sequence == 1
    assert len(asked) == 2, "the answer that lay there was taken, and a newer frame asked for"
    assert b"after=1" in asked[1]
    for client in clients:
        client.close()

"""The asyncio client against a server that drips, hangs, hangs up and babbles."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable

import pytest
from conftest import Play
from test_faults import (
    FRAME,
    PIXELS,
    drip_headers,
    drip_pixels,
    hang_up,
    request_line,
    say_nothing,
    stop_in_the_picture,
)

from fanlight import AsyncClient, ConnectionFailed, ProtocolError


@pytest.mark.parametrize("script", [drip_headers, drip_pixels, say_nothing, hang_up, stop_in_the_picture])
def test_get_frame_keeps_to_its_time_whatever_the_server_does(
    play: Play, script: Callable[[socket.socket], None]
) -> None:
    async def read() -> None:
        async with AsyncClient(play(script), "cam") as client:
            started = time.monotonic()
            assert await client.get_frame(0.4) is None
            assert time.monotonic() - started < 0.6
            assert isinstance(client.last_error, ConnectionFailed)

    asyncio.run(read())


def test_without_a_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    async def read() -> None:
        async with AsyncClient(f"http://127.0.0.1:{port}", "cam") as client:
            assert await client.get_frame(0.3) is None
            assert "Is Fanlight running there?" in str(client.last_error)
            with pytest.raises(ConnectionFailed):
                await client.get_stream()

    asyncio.run(read())


def test_one_connection_serves_many_frames_and_loops(play: Play) -> None:
    connections: list[socket.socket] = []

    def frames(peer: socket.socket) -> None:
        connections.append(peer)
        for number in range(1, 9):
            request_line(peer)
            # In two parts: the head with the first pixels, then the rest.
            whole = FRAME % number + PIXELS
            peer.sendall(whole[:-20])
            time.sleep(0.01)
            peer.sendall(whole[-20:])

    client = AsyncClient(play(frames), "cam")

    async def read(count: int) -> None:
        for _ in range(count):
            frame = await client.get_frame(1)
            assert frame is not None
            assert frame.tobytes() == PIXELS
            assert frame.flags.owndata

    asyncio.run(read(4))
    assert len(connections) == 1
    assert client.last_sequence == 4
    asyncio.run(read(1))
    assert len(connections) == 2, "another loop has a connection of its own"
    client.close()


def test_a_closed_connection_costs_no_frame(play: Play) -> None:
    def one_frame_each(peer: socket.socket) -> None:
        request_line(peer)
        peer.sendall(FRAME % 1 + PIXELS)
        peer.close()

    async def read() -> None:
        client = AsyncClient(play(one_frame_each), "cam")
        assert await client.get_frame(1) is not None
        await asyncio.sleep(0.05)
        assert await client.get_frame(1) is not None
        assert await client.get_frame(1) is not None

    asyncio.run(read())


def test_who_is_cancelled_breaks_nothing(play: Play) -> None:
    connections: list[socket.socket] = []
    asked: list[bytes] = []

    def late(peer: socket.socket) -> None:
        connections.append(peer)
        for number in (1, 2):
            asked.append(request_line(peer))
            time.sleep(0.2)
            peer.sendall(FRAME % number + PIXELS)

    async def read() -> None:
        client = AsyncClient(play(late), "cam")
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.get_frame(5), 0.1)
        frame = await client.get_frame(5)
        assert frame is not None
        assert frame.sequence == 1
        assert len(connections) == 1
        assert len(asked) == 1

    asyncio.run(read())


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]",
    ],
)
def test_somebody_else_on_the_port_is_told_apart(play: Play, answer: bytes) -> None:
    def babble(peer: socket.socket) -> None:
        request_line(peer)
        peer.sendall(answer)
        time.sleep(0.5)

    async def ask() -> None:
        with pytest.raises(ProtocolError):
            await AsyncClient(play(babble), "cam").get_stream()

    asyncio.run(ask())


def test_the_loop_goes_on_while_a_frame_is_awaited(play: Play) -> None:
    async def read() -> None:
        client = AsyncClient(play(say_nothing), "cam")
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0.01)
                ticks += 1

        ticking = asyncio.ensure_future(tick())
        assert await client.get_frame(0.5) is None
        ticking.cancel()
        assert ticks > 20

    asyncio.run(read())

"""Faults of a server that the real one does not produce: dripping, hanging, hanging up, babbling.

A scripted socket plays the server here; everything else is tested against the real one.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable

import pytest
from conftest import Play

from fanlight import ConnectionFailed, InvalidRequest, ProtocolError, RTSPStreamClient, VideoCapture

FRAME = (
    b"HTTP/1.1 200 OK\r\ncontent-length: 36\r\nx-frame-sequence: %d\r\nx-frame-timestamp: 1000000000\r\n"
    b"x-frame-width: 4\r\nx-frame-height: 3\r\nx-frame-gap: 0\r\n\r\n"
)
PIXELS = bytes(range(36))


def request_line(peer: socket.socket) -> bytes:
    told = b""
    while b"\r\n\r\n" not in told:
        part = peer.recv(4096)
        if not part:
            raise OSError("closed")
        told += part
    return told.split(b"\r\n")[0]


def within(seconds: float, call: Callable[[], object]) -> object:
    started = time.monotonic()
    value = call()
    assert time.monotonic() - started < seconds
    return value


def drip_headers(peer: socket.socket) -> None:
    request_line(peer)
    for byte in FRAME % 1:
        peer.sendall(bytes([byte]))
        time.sleep(0.02)


def drip_pixels(peer: socket.socket) -> None:
    request_line(peer)
    peer.sendall(FRAME % 1)
    for byte in PIXELS:
        peer.sendall(bytes([byte]))
        time.sleep(0.05)


def say_nothing(peer: socket.socket) -> None:
    time.sleep(5)


def hang_up(peer: socket.socket) -> None:
    request_line(peer)
    peer.close()


def stop_in_the_picture(peer: socket.socket) -> None:
    request_line(peer)
    peer.sendall(FRAME % 1 + PIXELS[:20])
    peer.close()


@pytest.mark.parametrize("script", [drip_headers, drip_pixels, say_nothing, hang_up, stop_in_the_picture])
def test_get_frame_keeps_to_its_time_whatever_the_server_does(
    play: Play, script: Callable[..., None]
) -> None:
    client = RTSPStreamClient(play(script), "cam")
    assert within(0.6, lambda: client.get_frame(0.4)) is None
    assert isinstance(client.last_error, ConnectionFailed)


def test_get_frame_keeps_to_its_time_without_a_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    client = RTSPStreamClient(f"http://127.0.0.1:{port}", "cam")
    assert within(0.6, lambda: client.get_frame(0.4)) is None
    assert "Is Fanlight running there?" in str(client.last_error)
    with pytest.raises(ConnectionFailed):
        client.start_receiving()


def test_a_connection_that_broke_in_a_picture_is_not_used_again(play: Play) -> None:
    scripts = iter([stop_in_the_picture, lambda peer: (request_line(peer), peer.sendall(FRAME % 2 + PIXELS))])
    client = RTSPStreamClient(play(lambda peer: next(scripts)(peer)), "cam")
    frame = client.get_frame(1)
    assert frame is not None
    assert frame.shape == (3, 4, 3)
    assert frame.tobytes() == PIXELS
    assert frame.flags.owndata
    assert frame.flags.writeable
    assert client.last_sequence == 2
    assert client.last_error is None


def test_a_kept_connection_that_was_closed_meanwhile_costs_no_frame(play: Play) -> None:
    asked: list[bytes] = []

    def one_frame_each(peer: socket.socket) -> None:
        asked.append(request_line(peer))
        peer.sendall(FRAME % len(asked) + PIXELS)
        peer.close()

    client = RTSPStreamClient(play(one_frame_each), "cam")
    assert client.get_frame(1) is not None
    assert client.get_frame(1) is not None
    assert client.last_sequence == 2
    assert b"after=1" in asked[1]


def test_one_connection_serves_many_frames(play: Play) -> None:
    connections: list[socket.socket] = []

    def frames(peer: socket.socket) -> None:
        connections.append(peer)
        for number in range(1, 6):
            request_line(peer)
            peer.sendall(FRAME % number + PIXELS)

    client = RTSPStreamClient(play(frames), "cam")
    kept = [client.get_frame(1) for _ in range(5)]
    assert len(connections) == 1
    assert len({id(frame) for frame in kept}) == 5


def test_somebody_else_on_the_port_is_told_apart(play: Play) -> None:
    def ssh(peer: socket.socket) -> None:
        peer.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        request_line(peer)

    with pytest.raises(ProtocolError):
        RTSPStreamClient(play(ssh), "cam").start_receiving()


def test_another_web_server_is_told_apart(play: Play) -> None:
    def web(peer: socket.socket) -> None:
        request_line(peer)
        peer.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>")

    with pytest.raises(ProtocolError):
        RTSPStreamClient(play(web), "cam").start_receiving()
    with pytest.raises(ProtocolError):
        RTSPStreamClient(play(web), "cam").get_frame(1)


def test_a_url_that_is_no_server_is_told_at_once() -> None:
    with pytest.raises(InvalidRequest):
        RTSPStreamClient("rtsp://127.0.0.1/stream", "cam")


def test_a_capture_without_a_server_is_closed_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("FANLIGHT_URL", f"http://127.0.0.1:{port}")
    capture = within(0.5, lambda: VideoCapture("rtsp://127.0.0.1/stream"))
    assert isinstance(capture, VideoCapture)
    assert not capture.isOpened()
    assert isinstance(capture.last_error, ConnectionFailed)
    capture.set(54, 300)
    assert within(0.6, capture.read) == (False, None)
    capture.release()
    assert capture.read() == (False, None)


def test_an_interrupted_exchange_leaves_no_half_read_connection(play: Play) -> None:
    connections: list[socket.socket] = []

    def first_hangs(peer: socket.socket) -> None:
        connections.append(peer)
        request_line(peer)
        if len(connections) == 1:
            time.sleep(5)
        peer.sendall(FRAME % 3 + PIXELS)

    client = RTSPStreamClient(play(first_hangs), "cam")
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        client.get_frame(3)
    assert client.get_frame(1) is not None
    assert len(connections) == 2

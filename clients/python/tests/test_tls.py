"""A server that is reached over TLS: its certificate is checked, and its frames are read like any."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path

import pytest
from conftest import Play
from test_faults import FRAME, PIXELS, request_line, within

from fanlight import AsyncClient, ConnectionFailed, RTSPStreamClient, read_synchronised


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost that signs itself, with its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    command = [
        openssl,
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(file) + ".key"]
    subprocess.run([*command, "-out", str(file)], check=True, capture_output=True)
    return file


@pytest.fixture
def url(play: Play, certificate: Path) -> str:
    def frames(peer: socket.socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, str(certificate) + ".key")
        with context.wrap_socket(peer, server_side=True) as secure:
            for number in range(1, 100):
                request_line(secure)
                time.sleep(0.01)
                secure.sendall(FRAME % number + PIXELS)

    return play(frames).replace("http://127.0.0.1", "https://localhost")


def test_frames_over_tls(url: str, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with RTSPStreamClient(url, "cam") as client:
        for _ in range(5):
            frame = client.get_frame(2)
            assert frame is not None, client.last_error
            assert frame.tobytes() == PIXELS
        assert client.last_sequence == 5, "over one connection"
        assert read_synchronised([client, client.__class__(url, "other")], timeout=2)

    async def read() -> None:
        async with AsyncClient(url, "cam") as client:
            for _ in range(5):
                frame = await client.get_frame(2)
                assert frame is not None, client.last_error
                assert frame.tobytes() == PIXELS
            assert client.last_sequence == 5

    asyncio.run(read())


def test_a_certificate_that_nobody_trusts(url: str) -> None:
    client = RTSPStreamClient(url, "cam")
    assert client.get_frame(0.5) is None
    assert isinstance(client.last_error, ConnectionFailed)
    assert client.last_error.code == "tls_failed"
    assert "SSL_CERT_FILE" in str(client.last_error)

    async def read() -> None:
        async with AsyncClient(url, "cam") as client:
            assert await client.get_frame(0.5) is None
            assert "SSL_CERT_FILE" in str(client.last_error)

    asyncio.run(read())


def test_a_handshake_that_hangs_keeps_to_the_time(play: Play) -> None:
    def hang(peer: socket.socket) -> None:
        time.sleep(5)

    secure = play(hang).replace("http:", "https:")
    assert within(0.7, lambda: RTSPStreamClient(secure, "cam").get_frame(0.4)) is None
    assert within(0.7, lambda: asyncio.run(AsyncClient(secure, "cam").get_frame(0.4))) is None


def test_plain_http_where_tls_is_expected(play: Play) -> None:
    def web(peer: socket.socket) -> None:
        peer.recv(100)
        peer.sendall(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")

    client = RTSPStreamClient(play(web).replace("http:", "https:"), "cam")
    assert client.get_frame(0.3) is None
    assert isinstance(client.last_error, ConnectionFailed)

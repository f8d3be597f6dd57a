"""The token of a server that asks for one: where it is found, and whom it is told."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from fanlight import Forbidden, RTSPStreamClient, _environment
from fanlight._protocol import Address

HERE = Address.parse("http://127.0.0.1:8080")
ELSEWHERE = Address.parse("http://192.0.2.7:8080")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("FANLIGHT_TOKEN", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    file = tmp_path / "fanlight" / "token"
    file.parent.mkdir()
    file.write_text("from-the-file\n")
    file.chmod(0o600)
    return file


def test_the_file_is_found_for_this_machine_only(file: Path) -> None:
    assert _environment.token(HERE) == "from-the-file"
    assert _environment.token(Address.parse("http://localhost:1")) == "from-the-file"
    assert _environment.token(Address.parse("http://[::1]:1")) == "from-the-file"
    assert _environment.token(ELSEWHERE) is None
    assert _environment.token(Address.parse("http://127.0.0.1.example:1")) is None


def test_the_environment_goes_first_and_anywhere(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANLIGHT_TOKEN", "from-the-environment")
    assert _environment.token(HERE) == _environment.token(ELSEWHERE) == "from-the-environment"


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_a_file_that_others_can_read_is_left_alone(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    file.chmod(0o640)
    assert _environment.token(HERE) is None
    assert "0600" in caplog.text
    assert "from-the-file" not in caplog.text


def test_no_file_no_token(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.unlink()
    assert _environment.token(HERE) is None
    for name in ("XDG_RUNTIME_DIR", "XDG_DATA_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    assert _environment.token(HERE) is None


@pytest.mark.parametrize(
    ("platform", "environment", "place"),
    [
        ("linux", {"XDG_RUNTIME_DIR": "/run/user/7", "HOME": "/home/me"}, "/run/user/7/fanlight/token"),
        ("linux", {"HOME": "/home/me"}, "/home/me/.local/share/fanlight/token"),
        ("linux", {"XDG_RUNTIME_DIR": "here", "XDG_DATA_HOME": "/data"}, "/data/fanlight/token"),
        ("darwin", {"HOME": "/Users/me"}, "/Users/me/Library/Application Support/fanlight/token"),
        ("win32", {"LOCALAPPDATA": "/AppData/Local"}, "/AppData/Local/fanlight/data/token"),
    ],
)
def test_the_file_is_where_the_server_leaves_it(
    platform: str, environment: dict[str, str], place: str
) -> None:
    assert _environment.token_file(environment, platform) == Path(place)


def test_a_new_token_is_looked_up_when_the_server_refuses_the_old(
    file: Path, play: Callable[[Callable[[socket.socket], None]], str]
) -> None:
    asked: list[bytes] = []

    def guarded(peer: socket.socket) -> None:
        while True:
            head = b""
            while b"\r\n\r\n" not in head:
                head += peer.recv(4096)
            asked.append(head)
            if b"Bearer the-new-one\r\n" in head:
                peer.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
            else:
                peer.sendall(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n")

    client = RTSPStreamClient(play(guarded), "cam")
    with pytest.raises(Forbidden):
        client.start_receiving()
    assert b"Authorization: Bearer from-the-file\r\n" in asked[0]
    file.write_text("the-new-one")
    assert client.start_receiving()


def test_a_given_token_is_used(play: Callable[[Callable[[socket.socket], None]], str]) -> None:
    asked: list[bytes] = []

    def answer(peer: socket.socket) -> None:
        asked.append(peer.recv(4096))
        peer.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")

    RTSPStreamClient(play(answer), "cam", token="mine").start_receiving()
    assert b"Authorization: Bearer mine\r\n" in asked[0]

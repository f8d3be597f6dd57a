"""Python clients of a server that asks for a token."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fanlight import AsyncClient, Forbidden, RTSPStreamClient, VideoCapture

from rig.server import Server, server_binary


@pytest.fixture
def guarded(server: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server that left its token for the user's own clients."""
    told = subprocess.run([server_binary(), "--help"], capture_output=True, text=True, timeout=10).stdout
    if "--require-token" not in told:
        pytest.skip("this server knows no tokens")
    monkeypatch.delenv("FANLIGHT_TOKEN", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    fanlight = server(env={"FANLIGHT_REQUIRE_TOKEN": "1", "XDG_RUNTIME_DIR": str(tmp_path)})
    monkeypatch.setenv("FANLIGHT_URL", fanlight.url)
    return fanlight


def test_own_clients_find_the_token(guarded: Server) -> None:
    capture = VideoCapture("demo:")
    assert capture.read()[0], capture.last_error
    capture.release()

    async def read() -> None:
        async with await AsyncClient.for_url(None, "demo:", 320, 180) as client:
            assert await client.get_frame(8) is not None

    asyncio.run(read())
    listed = subprocess.run([sys.executable, "-m", "fanlight", "list"], capture_output=True, text=True, timeout=30)
    assert listed.returncode == 0, listed.stderr
    assert "online" in listed.stdout


def test_who_does_not_know_the_token_is_told(guarded: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = (tmp_path / "fanlight" / "token").read_text().strip()
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/nowhere")
    with pytest.raises(Forbidden) as refused:
        RTSPStreamClient(None, "demo").start_stream("demo:")
    assert refused.value.status == 401
    assert not VideoCapture("demo:").isOpened()
    doctor = subprocess.run(
        [sys.executable, "-m", "fanlight", "doctor"],
        capture_output=True,
        text=True,
        timeout=30,
        env=os.environ | {"COLUMNS": "300"},
    )
    assert doctor.returncode == 1
    assert "FANLIGHT_TOKEN" in doctor.stdout
    with RTSPStreamClient(None, "demo", token=token) as client:
        assert client.start_stream("demo:", 320, 180)
        assert client.get_frame(8) is not None
    assert token not in guarded.log()

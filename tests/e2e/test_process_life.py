"""The server's own life: how it starts, refuses to, ends, and what it leaves behind."""

import json
import signal
import socket
import stat
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from rig import processes, readers
from rig.camera import Cameras, free_port
from rig.readers import Reader, reading
from rig.server import Server
from rig.waiting import eventually


def online(camera: Callable[..., Cameras], fanlight: Server) -> Cameras:
    cameras = camera()
    fanlight.add("cam", cameras.url())
    fanlight.wait_online("cam")
    return cameras


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_with_readers_connected(
    camera: Callable[..., Cameras], server: Callable[..., Server], how: signal.Signals
) -> None:
    fanlight = server()
    cameras = online(camera, fanlight)
    python = Reader(readers.python_client, fanlight.url, "cam", (320, 180), seconds=60)
    socket_ = Reader(readers.websocket, fanlight.url, "cam", (640, 480), seconds=60)
    with reading(python, socket_):
        python.first_frame()
        socket_.first_frame()
        eventually(lambda: len(fanlight.ffmpegs()) == 1)
        started = time.monotonic()
        assert fanlight.stop(how) == 0
        assert time.monotonic() - started < 5
        assert fanlight.ffmpegs() == []
    eventually(lambda: cameras.connections().open == 0)


def test_no_ffmpeg_outlives_a_killed_server(camera: Callable[..., Cameras], server: Callable[..., Server]) -> None:
    fanlight = server()
    online(camera, fanlight)
    assert fanlight.ask("GET", "/api/streams/cam/frame").status == 200
    fanlight.add("demo", "demo:")
    fanlight.wait_online("demo")
    assert len(fanlight.ffmpegs()) >= 2
    fanlight.kill()
    eventually(lambda: processes.named(fanlight.ffmpeg) == [], within=2)


def test_a_taken_port_is_told_with_what_to_do(server: Callable[..., Server]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        fanlight = server(port=port, start=False)
        fanlight.launch()
        assert fanlight.wait(within=10) != 0
        said = fanlight.log()
    assert str(port) in said
    assert "--port" in said
    assert "panicked" not in said


def test_two_servers_do_not_meet(server: Callable[..., Server]) -> None:
    one, other = server(), server()
    assert one.port != other.port
    one.add("cam", "rtsp://127.0.0.1:9/stream")
    assert other.streams() == []


def test_the_port_comes_from_the_environment(server: Callable[..., Server]) -> None:
    port = free_port()
    fanlight = server(port=None, env={"PORT": str(port)})
    assert fanlight.url == f"http://127.0.0.1:{port}"
    assert fanlight.ask("GET", "/health").status == 200


def test_it_listens_on_loopback_only(server: Callable[..., Server]) -> None:
    fanlight = server()
    listening = [c.laddr.ip for c in psutil.Process(fanlight.pid).net_connections() if c.status == psutil.CONN_LISTEN]
    assert listening == ["127.0.0.1"]


# The camera list


def test_the_camera_list_survives_a_restart(camera: Callable[..., Cameras], server: Callable[..., Server]) -> None:
    cameras, fanlight = camera(cameras=2), server()
    fanlight.add("one", cameras.url(0), width=320, height=180, name="Küche")
    fanlight.add("two", cameras.url(1))
    fanlight.add("gone", cameras.url(1))
    assert fanlight.ask("DELETE", "/api/streams/gone").status == 200
    fanlight.restart()
    fanlight.wait_online("one")
    fanlight.wait_online("two")
    kept = {stream["stream_id"]: stream for stream in fanlight.streams()}
    assert set(kept) == {"one", "two"}
    assert (kept["one"]["name"], kept["one"]["width"], kept["one"]["height"]) == ("Küche", 320, 180)
    assert len(fanlight.ask("GET", "/api/streams/one/frame").body) == 320 * 180 * 3


def test_the_camera_list_survives_a_kill(server: Callable[..., Server]) -> None:
    fanlight = server()
    for number in range(5):
        fanlight.add(f"cam{number}", f"rtsp://127.0.0.1:9/{number}")
    fanlight.kill()
    fanlight.start()
    assert [stream["stream_id"] for stream in fanlight.streams()] == [f"cam{number}" for number in range(5)]


@pytest.mark.parametrize("damage", ["{", "", "\x00" * 100, '{"version": 99, "cameras": []}', "[1, 2]"])
def test_a_damaged_camera_list_is_set_aside(server: Callable[..., Server], tmp_path: Path, damage: str) -> None:
    cameras = tmp_path / "cameras.json"
    cameras.write_text(damage)
    fanlight = server(cameras=cameras)
    assert fanlight.streams() == []
    fanlight.add("new", "rtsp://127.0.0.1:9/stream")
    (aside,) = tmp_path.glob("cameras.json.damaged-*")
    assert aside.read_text() == damage
    fanlight.restart()
    assert [stream["stream_id"] for stream in fanlight.streams()] == ["new"]
    assert len(list(tmp_path.glob("*.damaged-*"))) == 1


def test_one_damaged_camera_does_not_take_the_others_along(server: Callable[..., Server], tmp_path: Path) -> None:
    cameras = tmp_path / "cameras.json"
    with Server(cameras=cameras) as first:
        first.add("good", "rtsp://127.0.0.1:9/good")
        first.add("bad", "rtsp://127.0.0.1:9/bad")
    text = cameras.read_text()
    assert json.loads(text)
    cameras.write_text(text.replace("rtsp://127.0.0.1:9/bad", "file:///etc/passwd"))
    fanlight = server(cameras=cameras)
    assert [stream["stream_id"] for stream in fanlight.streams()] == ["good"]
    (aside,) = tmp_path.glob("cameras.json.damaged-*")
    assert "file:///etc/passwd" in aside.read_text()
    assert stat.S_IMODE(aside.stat().st_mode) == 0o600


def test_a_camera_list_that_cannot_be_saved_refuses_the_camera(server: Callable[..., Server], tmp_path: Path) -> None:
    home = tmp_path / "not-a-directory"
    home.write_text("in the way")
    fanlight = server(cameras=home / "cameras.json", start=False)
    fanlight.launch()
    # It may refuse to start, or serve and refuse the camera; it must not pretend to have saved it.
    eventually(lambda: fanlight.poll() is not None or "serving" in fanlight.stdout(), within=10)
    if fanlight.poll() is not None:
        assert fanlight.wait() != 0
        assert "cameras.json" in fanlight.log()
        return
    fanlight.wait_serving()
    answer = fanlight.ask("POST", "/api/streams", {"stream_id": "cam", "rtsp_url": "rtsp://127.0.0.1:9/x"})
    assert answer.problem(507, "storage_failed")
    assert fanlight.streams() == []

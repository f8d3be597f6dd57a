"""Cameras that do not work: each failure is told by its own code, in words to act on."""

import http.server
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rig.camera import Cameras, free_port
from rig.server import Server
from rig.waiting import eventually

USER, PASSWORD = "viewer", "correct horse"


@pytest.fixture
def web_server() -> Iterator[str]:
    """Something on loopback that speaks HTTP and no RTSP."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"rtsp://127.0.0.1:{serving.server_address[1]}/stream"
        serving.shutdown()


def fails_with(server: Server, url: str, code: str, within: float = 12.0) -> dict[str, Any]:
    """Start a stream that must fail with this code; its status."""
    server.add("cam", url)

    def failed() -> dict[str, Any]:
        status = server.stream("cam")["status"]
        assert status["error"], status
        assert status["error"]["code"] == code, status
        return status

    status = eventually(failed, within)
    assert len(status["error"]["message"].split()) >= 4
    assert server.stream("cam")["video"] is None
    return status


def frame_problem(server: Server, code: str) -> str:
    return server.ask("GET", "/api/streams/cam/frame?wait=500").problem(503, code)


@pytest.mark.parametrize("auth", ["basic", "digest"])
def test_a_wrong_password(camera: Callable[..., Cameras], server: Callable[..., Server], auth: str) -> None:
    cameras, fanlight = camera(user=USER, password=PASSWORD, auth=auth), server()
    status = fails_with(fanlight, cameras.url(password="wrong"), "auth_failed")
    assert status["state"] == "auth_failed"
    assert "password" in status["error"]["message"]
    assert frame_problem(fanlight, "auth_failed")
    before = cameras.connections().ever
    time.sleep(3)
    assert cameras.connections().ever <= before + 1, "cameras lock out who tries too often"


@pytest.mark.parametrize("auth", ["basic", "digest"])
def test_the_right_password(camera: Callable[..., Cameras], server: Callable[..., Server], auth: str) -> None:
    cameras, fanlight = camera(user=USER, password=PASSWORD, auth=auth), server()
    fanlight.add("cam", cameras.url())
    fanlight.wait_online("cam")
    assert fanlight.ask("GET", "/api/streams/cam/frame").status == 200


def test_no_password_for_a_camera_that_wants_one(camera: Callable[..., Cameras], server: Callable[..., Server]) -> None:
    cameras = camera(user=USER, password=PASSWORD)
    assert fails_with(server(), f"rtsp://127.0.0.1:{cameras.port}/cam0", "auth_failed")["state"] == "auth_failed"


def test_a_wrong_path(camera: Callable[..., Cameras], server: Callable[..., Server]) -> None:
    fanlight = server()
    fails_with(fanlight, camera().url(path="no/such/path"), "camera_not_found")
    assert frame_problem(fanlight, "camera_not_found")


def test_nobody_at_the_address(server: Callable[..., Server]) -> None:
    fanlight = server()
    status = fails_with(fanlight, f"rtsp://127.0.0.1:{free_port()}/stream", "camera_unreachable")
    assert status["state"] == "reconnecting"
    assert status["next_try"]
    answer = fanlight.ask("GET", "/api/streams/cam/frame?wait=300")
    assert answer.status == 204
    assert answer.headers["x-stream-state"] in ("reconnecting", "connecting")


def test_something_that_is_no_camera(server: Callable[..., Server], web_server: str) -> None:
    fanlight = server()
    fails_with(fanlight, web_server, "not_rtsp")
    assert frame_problem(fanlight, "not_rtsp")


def test_a_camera_that_never_answers(server: Callable[..., Server]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        fails_with(server(), f"rtsp://127.0.0.1:{silent.getsockname()[1]}/stream", "camera_timeout")


def test_a_camera_with_sound(camera: Callable[..., Cameras], server: Callable[..., Server]) -> None:
    cameras, fanlight = camera(audio=True), server()
    fanlight.add("cam", cameras.url())
    fanlight.wait_online("cam")
    assert fanlight.ask("GET", "/api/streams/cam/frame").status == 200
    assert cameras.connections().ever == 1

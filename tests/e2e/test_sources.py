"""Cameras of every kind: codecs, sound, TLS, Motion JPEG over HTTP. Each shows its right picture, opened once."""

import hashlib
import os
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fanlight import RTSPStreamClient

from rig.camera import Cameras
from rig.clip import Clip
from rig.pictures import assert_running, numbers
from rig.server import Server
from rig.waiting import eventually
from rig.web_camera import WebCamera

USER, PASSWORD = "viewer", "web-canary-5"


def small(codec: str) -> Clip:
    return Clip(640, 360, 600, frames=250, codec=codec)


@pytest.mark.parametrize("codec", ["h264", "h265", "mjpeg"])
def test_codecs_over_rtsp(camera: Callable[..., Cameras], server: Callable[..., Server], codec: str) -> None:
    cameras, fanlight = camera(small(codec), audio=True), server()
    fanlight.add("cam", cameras.url())
    video = fanlight.wait_online("cam")["video"]
    assert (video["codec"], video["width"], video["height"]) == (codec, 640, 360)
    assert_running(numbers(fanlight, "cam"), 250)
    # Motion JPEG is decoded without a process.
    assert len(fanlight.decoders()) == (0 if codec == "mjpeg" else 1)
    assert cameras.connections().most == 1


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate that a camera made for itself, with its key."""
    file = tmp_path / "camera.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=camera"]
    command += ["-keyout", str(file), "-out", str(tmp_path / "cert.pem")]
    subprocess.run(command, check=True, capture_output=True)
    file.write_text(file.read_text() + (tmp_path / "cert.pem").read_text())
    return file


def fingerprint(file: Path) -> str:
    text = file.read_text()
    pem = text[text.index("-----BEGIN CERTIFICATE") :]
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


def test_an_encrypted_camera_is_opened_once_its_certificate_is_accepted(
    camera: Callable[..., Cameras], server: Callable[..., Server], certificate: Path
) -> None:
    cameras, fanlight = camera(certificate=certificate), server()
    assert cameras.url().startswith("rtsps://")
    fanlight.add("cam", cameras.url())

    def refused() -> str:
        error = fanlight.stream("cam")["status"]["error"]
        assert error, "no error yet"
        assert error["code"] == "tls_failed", error
        assert error["certificate"] in error["message"]
        return error["certificate"]

    # What the user compares and hands back.
    accepted = eventually(refused, 8)
    assert accepted.replace(":", "").lower() == fingerprint(certificate)
    assert fanlight.ask("DELETE", "/api/streams/cam").status == 200

    fanlight.add("cam", cameras.url(), tls_fingerprint=accepted)
    fanlight.wait_online("cam")
    assert_running(numbers(fanlight, "cam"), 500)
    fanlight.restart()
    assert fanlight.wait_online("cam")["tls_fingerprint"] == accepted


def test_a_wrong_fingerprint_is_refused(server: Callable[..., Server]) -> None:
    body = {"stream_id": "cam", "rtsp_url": "rtsps://127.0.0.1/cam", "tls_fingerprint": "12:34"}
    problem = server().ask("POST", "/api/streams", body).problem(400, "invalid_request")
    assert "tls_fingerprint" in problem


def test_motion_jpeg_over_http(server: Callable[..., Server]) -> None:
    fanlight = server()
    with WebCamera(small("mjpeg"), USER, PASSWORD) as web:
        fanlight.add("cam", f"http://{USER}:{PASSWORD}@{web.address}/video")
        video = fanlight.wait_online("cam", within=15)["video"]
        assert (video["codec"], video["width"], video["height"]) == ("mjpeg", 640, 360)
        assert_running(numbers(fanlight, "cam"), 250)
        assert web.open == 1
        for process in fanlight.ffmpegs():
            assert not any(PASSWORD in argument for argument in process.cmdline())
        assert PASSWORD not in fanlight.log()
    eventually(lambda: fanlight.state("cam") != "online", 15)


@pytest.mark.parametrize(
    ("login", "path", "code"),
    [("viewer:wrong-one", "video", "auth_failed"), (f"{USER}:{PASSWORD}", "elsewhere", "camera_not_found")],
)
def test_http_cameras_say_why_they_fail(server: Callable[..., Server], login: str, path: str, code: str) -> None:
    fanlight = server()
    with WebCamera(small("mjpeg"), USER, PASSWORD) as web:
        fanlight.add("cam", f"http://{login}@{web.address}/{path}")

        def failed() -> bool:
            error = fanlight.stream("cam")["status"]["error"]
            return bool(error) and error["code"] == code

        eventually(failed, 15)


def test_a_probe_tells_what_a_camera_sends_and_adds_nothing(
    camera: Callable[..., Cameras], server: Callable[..., Server]
) -> None:
    cameras, fanlight = camera(audio=True), server()
    answer = fanlight.ask("POST", "/api/probe", {"url": cameras.url()}, timeout=30)
    assert answer.status == 200, answer.text
    told = answer.json
    assert (told["video"]["codec"], told["video"]["width"], told["gop"]) == ("h264", 640, 50)
    assert 20 <= told["video"]["fps"] <= 30
    assert told["audio"] == "pcma"
    assert told["picture"].startswith("data:image/jpeg;base64,/9j/")
    assert fanlight.streams() == []
    eventually(lambda: cameras.connections().open == 0, 5)


def test_a_probe_of_a_camera_that_is_online_opens_no_second_connection(
    camera: Callable[..., Cameras], server: Callable[..., Server]
) -> None:
    cameras, fanlight = camera(), server()
    fanlight.add("cam", cameras.url())
    fanlight.wait_online("cam")
    answer = fanlight.ask("POST", "/api/probe", {"url": cameras.url()}, timeout=30)
    assert answer.status == 200, answer.text
    assert cameras.connections().ever == 1


def test_who_reads_is_told_and_one_can_be_disconnected(server: Callable[..., Server]) -> None:
    fanlight = server()
    fanlight.add("cam", "demo:")
    with RTSPStreamClient(fanlight.url, "cam") as client:
        client.start_receiving()
        assert client.get_frame(timeout=10) is not None
        for _ in range(30):
            client.get_frame(timeout=5)
        (consumer,) = fanlight.ask("GET", "/api/streams/cam/consumers").json["consumers"]
        assert consumer["kind"] == ("shared_memory" if sys.platform == "linux" else "http")
        assert "fanlight-python" in consumer["name"]
        assert consumer["pid"] == os.getpid()
        assert consumer["fps"] > 5
        assert consumer["delivered_frames"] >= 30
        kicked = fanlight.ask("DELETE", f"/api/streams/cam/consumers/{consumer['id']}")
        assert kicked.status == 204
        eventually(lambda: fanlight.ask("GET", "/api/streams/cam/consumers").json["consumers"] == [], 5)

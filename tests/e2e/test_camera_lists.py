"""The camera list moved by the server's own options, while none runs and while one does."""

import json
import subprocess
from pathlib import Path

import pytest

from rig.server import Server, server_binary

GO2RTC = """
streams:
  Front door:
    - rtsp://viewer:canary-pw@127.0.0.1:9/door#backchannel=0
    - "ffmpeg:Front door#audio=opus"
  bell: exec:bell --key canary-pw
"""


def run(cameras: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [server_binary(), "--cameras", str(cameras), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=20)


@pytest.fixture
def go2rtc(tmp_path: Path) -> Path:
    file = tmp_path / "go2rtc.yaml"
    file.write_text(GO2RTC)
    return file


def test_the_cameras_of_go2rtc_are_taken_over_and_moved(go2rtc: Path, tmp_path: Path) -> None:
    cameras, moved = tmp_path / "cameras.json", tmp_path / "moved.json"
    told = run(cameras, "--import-cameras", str(go2rtc))
    assert (told.returncode, told.stderr) == (0, "")
    assert "added: Front-door, rtsp://viewer:***@127.0.0.1:9/door" in told.stdout
    assert "skipped: bell: its source is exec:" in told.stdout
    assert "canary-pw" not in told.stdout
    export = run(cameras, "--export-cameras")
    assert json.loads(export.stdout)["cameras"][0]["rtsp_url"] == "rtsp://viewer:canary-pw@127.0.0.1:9/door"
    (tmp_path / "export.json").write_text(export.stdout)
    assert run(moved, "--import-cameras", str(tmp_path / "export.json")).returncode == 0
    with Server(cameras=moved) as server:
        assert [stream["name"] for stream in server.streams()] == ["Front door"]


def test_a_running_server_keeps_its_list_to_itself(go2rtc: Path) -> None:
    with Server() as server:
        server.add("demo", "demo:", mode="on_demand")
        refused = run(server.cameras, "--import-cameras", str(go2rtc))
        assert refused.returncode == 1
        assert "POST /api/cameras/import" in refused.stderr
        assert len(json.loads(run(server.cameras, "--export-cameras").stdout)["cameras"]) == 1
        told = server.ask("POST", "/api/cameras/import", {"text": GO2RTC}).json
        assert [camera["stream_id"] for camera in told["added"]] == ["Front-door"]
        server.kill()
        assert run(server.cameras, "--import-cameras", str(go2rtc)).stdout.startswith("already there: Front-door")
        server.start()
        assert [stream["stream_id"] for stream in server.streams()] == ["Front-door", "demo"]
        assert "canary-pw" not in server.log()


def test_a_list_that_cannot_be_read_says_where(tmp_path: Path) -> None:
    file = tmp_path / "config.yml"
    file.write_text("streams:\n  a: [rtsp://u:canary-pw@127.0.0.1:9/a\n")
    told = run(tmp_path / "cameras.json", "--import-cameras", str(file))
    assert told.returncode == 1
    assert "config.yml" in told.stderr
    assert "line" in told.stderr
    assert "canary-pw" not in told.stderr
    assert not (tmp_path / "cameras.json").exists()

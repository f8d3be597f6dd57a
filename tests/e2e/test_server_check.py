"""`fanlight-server check`: what it finds, what it says, and that it touches nothing."""

import json
import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rig.camera import Cameras, free_port
from rig.server import Server, server_binary, sidecar


def check(*options: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    usual = {"FANLIGHT_FFMPEG": sidecar(), "PORT": str(free_port())}
    command = [server_binary(), "check", *options]
    environment = os.environ | usual | (env or {})
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def found(*options: str, env: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    """The exit code and the report, its checks by name."""
    done = check("--json", *options, env=env)
    report = json.loads(done.stdout)
    report["checks"] = {one["name"]: one for one in report["checks"]}
    assert (done.returncode == 0) == report["ok"], done.stdout
    return done.returncode, report


def state_of(folder: Path) -> list[tuple[str, int, int]]:
    return sorted((str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in folder.rglob("*"))


def test_good_and_bad_cameras_are_told_apart(
    camera: Callable[..., Cameras], server: Callable[..., Server], tmp_path: Path
) -> None:
    cameras = camera(user="viewer", password="right-password")
    folder = tmp_path / "state"
    folder.mkdir()
    fanlight = server(cameras=folder / "cameras.json")
    fanlight.add("good", cameras.url(), mode="on_demand")
    fanlight.add("wrong", cameras.url(password="c4nary-password"), mode="on_demand")
    fanlight.add("nowhere", f"rtsp://127.0.0.1:{free_port()}/stream", mode="on_demand")
    before = state_of(folder)
    options = ["--cameras", str(folder / "cameras.json"), "--port", str(fanlight.port)]
    code, report = found(*options)
    assert code == 1
    # The server it was run beside has the port, and its list is as it was.
    assert report["checks"]["port"]["outcome"] == "ok", report
    assert "a Fanlight that is running" in report["checks"]["port"]["message"]
    assert state_of(folder) == before
    seen = {one["stream_id"]: one for one in report["cameras"]}
    video = seen["good"]["video"]
    assert (video["codec"], video["width"], video["height"]) == ("h264", 640, 360), seen
    assert 15 < video["fps"] < 35
    assert seen["wrong"]["code"] == "auth_failed"
    assert seen["nowhere"]["code"] == "camera_unreachable"
    assert {one["outcome"] for one in seen.values()} >= {"problem"}
    told = check(*options)
    assert told.returncode == 1
    assert "camera good: h264 640x360" in told.stdout
    assert "PROBLEM  camera wrong: " in told.stdout
    assert "[3/3]" in told.stderr
    assert "c4nary" not in told.stdout + told.stderr + json.dumps(report)


def test_all_is_well_without_cameras(tmp_path: Path) -> None:
    cameras = tmp_path / "not-there" / "cameras.json"
    code, report = found("--cameras", str(cameras))
    assert code == 0
    assert {name: one["outcome"] for name, one in report["checks"].items()} == dict.fromkeys(
        ["configuration", "token", "tls", "port", "ffmpeg", "recordings", "storage"], "ok"
    )
    assert report["cameras"] == []
    assert not cameras.parent.exists()


def test_cameras_can_be_left_alone(tmp_path: Path) -> None:
    cameras = tmp_path / "cameras.json"
    (tmp_path / "go2rtc.yaml").write_text(f"streams: {{door: 'rtsp://127.0.0.1:{free_port()}/live'}}")
    imported = [server_binary(), "--cameras", str(cameras), "--import-cameras", str(tmp_path / "go2rtc.yaml")]
    subprocess.run(imported, check=True, capture_output=True)
    code, report = found("--no-cameras", "--cameras", str(cameras))
    assert (code, report["cameras"]) == (0, [])
    code, report = found("--cameras", str(cameras))
    assert (code, len(report["cameras"])) == (1, 1)


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    config = tmp_path / "fanlight.toml"
    config.write_text(
        f'prot = 1\nlog_level = "loud"\nhost = "0.0.0.0"\nrecordings = "{config}"\ntls_cert = "/nowhere.pem"\n'
        f'cameras = "{tmp_path}/cameras.json"\n'
    )
    code, report = found("--config", str(config), env={"FANLIGHT_FFMPEG": "/nowhere/ffmpeg"})
    assert code == 1
    wrong = {name: one["message"] for name, one in report["checks"].items() if one["outcome"] == "problem"}
    assert set(wrong) == {"configuration", "token", "tls", "ffmpeg", "recordings"}
    assert "did you mean port?" in wrong["configuration"]
    assert "loud" in wrong["configuration"]
    assert "--token-file" in wrong["token"]
    assert "--tls-key" in wrong["tls"]
    assert "/nowhere/ffmpeg" in wrong["ffmpeg"]
    assert "install FFmpeg" in wrong["ffmpeg"]


def test_a_port_of_another_program_is_a_problem(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, report = found("--cameras", str(tmp_path / "cameras.json"), "--port", str(port))
    assert code == 1
    assert report["checks"]["port"]["outcome"] == "problem"
    assert "--port" in report["checks"]["port"]["message"]


def test_a_token_is_checked_and_not_made(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("short")
    options = ["--cameras", str(tmp_path / "cameras.json"), "--token-file", str(token)]
    code, report = found(*options)
    assert (code, report["checks"]["token"]["outcome"]) == (1, "problem")
    token.write_text("open-sesame-open-sesame")
    token.chmod(0o644)
    code, report = found(*options)
    assert (code, report["checks"]["token"]["outcome"]) == (0, "warning")
    runtime = tmp_path / "runtime"
    code, report = found("--require-token", *options[:2], env={"XDG_RUNTIME_DIR": str(runtime)})
    assert code == 0
    assert not runtime.exists()


def test_a_damaged_list_is_told_and_left(tmp_path: Path) -> None:
    cameras = tmp_path / "cameras.json"
    cameras.write_text("{")
    code, report = found("--cameras", str(cameras))
    assert code == 1
    assert "damaged" in report["checks"]["cameras"]["message"]
    assert [path.name for path in tmp_path.iterdir()] == ["cameras.json"]


@pytest.mark.parametrize("options", [["--no-such-option"], ["--port", "many"], ["checks"]])
def test_bad_usage_has_a_code_of_its_own(options: list[str]) -> None:
    assert check(*options).returncode == 2

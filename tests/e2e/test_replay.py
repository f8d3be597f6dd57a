"""Video files as cameras: they loop in real time, and only those in the one folder can be played."""

import subprocess
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from rig.clip import Clip, ffmpeg
from rig.pictures import Viewer, assert_running, numbers
from rig.server import Server
from rig.waiting import eventually

#: Three seconds.
SHORT = Clip(640, 360, 600, frames=75, gop=25)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two videos, and one beside it that must not be played."""
    beside = tmp_path_factory.mktemp("videos")
    folder = beside / "replays"
    folder.mkdir()
    for video in (folder / "short clip.mp4", folder / "short.mkv", beside / "secret.mp4"):
        command = [ffmpeg(), "-v", "error", "-r", "25", "-i", str(SHORT.path()), "-c", "copy", str(video)]
        subprocess.run(command, check=True)
    return folder


@pytest.fixture(scope="module")
def replaying(folder: Path) -> Iterator[Server]:
    with Server(options=["--replay-dir", str(folder)]) as server:
        yield server


@pytest.fixture
def fanlight(replaying: Server) -> Iterator[Server]:
    yield replaying
    for stream in replaying.streams():
        replaying.ask("DELETE", f"/api/streams/{stream['stream_id']}/force")


def test_a_video_loops_without_a_break(fanlight: Server) -> None:
    fanlight.add("cam", "replay:short%20clip.mp4")
    video = fanlight.wait_online("cam", within=15)["video"]
    assert (video["codec"], video["width"]) == ("h264", 640)
    viewer = Viewer(fanlight, "cam")
    seen = [viewer.number() for _ in range(SHORT.frames * 5 // 2)]
    viewer.close()
    assert_running(seen, SHORT.frames)
    begun_again = sum(b < a for a, b in pairwise(seen))
    assert begun_again in (2, 3)
    status = fanlight.stream("cam")["status"]
    assert (status["state"], status["attempt"]) == ("online", 0)
    assert 20 <= fanlight.stream("cam")["video"]["fps"] <= 30
    assert fanlight.stream("cam")["ingest"]["path"] == "ffmpeg"


def test_the_folder_can_come_from_the_environment(folder: Path, server: Callable[..., Server]) -> None:
    fanlight = server(env={"FANLIGHT_REPLAY_DIR": str(folder)})
    fanlight.add("cam", "replay:short.mkv")
    fanlight.wait_online("cam", within=15)
    assert_running(numbers(fanlight, "cam"), SHORT.frames)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../secret.mp4",
        "..%2fsecret.mp4",
        "%2e%2e/secret.mp4",
        "%2e%2e%2fsecret.mp4",
        "short.mkv/../../secret.mp4",
        "/etc/passwd",
        "//etc/passwd",
        "%2fetc%2fpasswd",
        "C:%5Csecret.mp4",
        "file:secret.mp4",
        "concat:a%7Cb",
        "short.mkv%00.mp4",
        "https%3A%2F%2Fexample.org%2Fx.mp4",
    ],
)
def test_a_path_is_no_name(fanlight: Server, name: str) -> None:
    for url in (f"replay:{name}", f"replay:{name}?x=1", f"replay:{name}#x"):
        answer = fanlight.ask("POST", "/api/streams", {"stream_id": "cam", "rtsp_url": url})
        answer.problem(400, "invalid_request")
    assert fanlight.streams() == []


def fails_with(server: Server, word: str) -> None:
    def told() -> str | None:
        error = server.stream("cam")["status"]["error"]
        return error and f"{error['code']}: {error['message']}"

    message = eventually(told, within=10)
    assert message is not None
    assert message.startswith("camera_not_found"), message
    assert word in message


def test_a_video_that_is_not_there(fanlight: Server, folder: Path) -> None:
    fanlight.add("cam", "replay:nothing.mp4")
    fails_with(fanlight, "nothing.mp4")
    assert fanlight.ask("POST", "/api/probe", {"url": "replay:secret.mp4"}).json["code"] == "camera_not_found"


def test_without_a_folder_nothing_is_played(server: Callable[..., Server]) -> None:
    fanlight = server()
    fanlight.add("cam", "replay:short.mkv")
    fails_with(fanlight, "--replay-dir")


def test_a_file_that_is_no_video(fanlight: Server, folder: Path) -> None:
    (folder / "text.mp4").write_text("ffconcat version 1.0\nfile '../secret.mp4'\n")
    fanlight.add("cam", "replay:text.mp4")
    eventually(lambda: fanlight.stream("cam")["status"]["error"], within=10)
    assert fanlight.stream("cam")["video"] is None

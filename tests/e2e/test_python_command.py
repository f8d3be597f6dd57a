"""The command line `fanlight`, as a person runs it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
from fanlight import RTSPStreamClient

from rig import code_blocks
from rig.camera import Cameras, free_port
from rig.site import Site
from rig.waiting import eventually


def start(site: Site, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    variables = os.environ | {"FANLIGHT_URL": site.server.url, "COLUMNS": "200"} | environment
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        variables.pop(name, None)
    return subprocess.Popen(
        [sys.executable, "-m", "fanlight", *arguments],
        env=variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(site: Site, *arguments: str, stdin: str = "", **environment: str) -> tuple[int, str]:
    """Exit code and everything it said."""
    process = start(site, *arguments, **environment)
    out, err = process.communicate(stdin, timeout=40)
    assert "Traceback" not in err
    return process.returncode, out + err


def test_a_camera_from_adding_to_removing(site: Site) -> None:
    assert "No cameras yet" in run(site, "list")[1]
    code, told = run(
        site, "add", "door", site.cameras.url(), "--name", "Front [door]", "--width", "320", "--height", "180"
    )
    assert code == 0, told
    assert "640x360 h264" in told
    code, told = run(site, "list")
    assert code == 0
    assert re.search(r"door +Front \[door\] +online +640x360 h264", told), told
    listed = json.loads(run(site, "list", "--json")[1])
    assert [stream["stream_id"] for stream in listed] == ["door"]
    assert run(site, "remove", "door") == (0, "door is removed.\n")
    assert site.server.streams() == []
    code, told = run(site, "remove", "door")
    assert code == 1
    assert "door" in told


def test_a_url_is_read_where_nobody_sees_it(site: Site, camera: Callable[..., Cameras]) -> None:
    guarded = camera(user="viewer", password="right")
    code, told = run(site, "add", "door", "-", stdin=guarded.url() + "\n")
    assert code == 0, told
    assert "right" not in told


def test_a_camera_that_does_not_work_is_told(site: Site, camera: Callable[..., Cameras]) -> None:
    guarded = camera(user="viewer", password="right")
    code, told = run(site, "add", "door", guarded.url(password="wrong"))
    assert code == 1
    assert "password" in told
    assert "wrong" not in told
    code, told = run(site, "doctor")
    assert code == 1
    assert "door is auth_failed" in told
    assert "Check its user name and password" in told
    code, told = run(site, "record", "door", "/tmp/never.mp4", "--seconds", "1")
    assert code == 1
    assert "password" in told


def test_who_is_in_the_way_is_named(site: Site) -> None:
    site.add("door")
    with RTSPStreamClient(site.server.url, "door") as client:
        assert client.get_frame(5) is not None
        code, told = run(site, "remove", "door")
        assert code == 1
        assert "--force" in told
        assert f"pid {os.getpid()}" in told
        assert run(site, "remove", "door", "--force")[0] == 0


def test_a_camera_is_tested(site: Site, tmp_path: Path) -> None:
    picture = tmp_path / "picture.jpg"
    code, told = run(site, "probe", site.cameras.url(), "--save", str(picture))
    assert code == 0, told
    assert "640x360 h264" in told
    assert cv2.imread(str(picture)) is not None
    assert json.loads(run(site, "probe", site.cameras.url(), "--json")[1])["video"]["codec"] == "h264"
    code, told = run(site, "probe", f"rtsp://127.0.0.1:{free_port()}/stream")
    assert code == 1
    assert told.strip()
    assert site.server.streams() == []


def test_a_snapshot(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "door.png"
    code, told = run(site, "snapshot", site.cameras.url(), str(file))
    assert code == 0, told
    assert cv2.imread(str(file)).shape == (360, 640, 3), "the camera's own size"


@pytest.mark.parametrize("ending", ["mp4", "avi"])
def test_a_recording_keeps_time(site: Site, tmp_path: Path, ending: str) -> None:
    site.add("door")
    file = tmp_path / f"door.{ending}"
    code, told = run(site, "record", "door", str(file), "--seconds", "3", "--fps", "10")
    assert code == 0, told
    video = cv2.VideoCapture(str(file))
    assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(10)
    numbers = []
    while (read := video.read())[0]:
        numbers.append(code_blocks.decode(read[1]))
    assert 27 <= len(numbers) <= 33
    readable = [number for number in numbers if number is not None]
    assert len(readable) >= 0.9 * len(numbers)
    assert (readable[-1] - readable[0]) % site.cameras.clip.frames == pytest.approx(75, abs=10)


def test_a_recording_ends_well_on_ctrl_c(site: Site, tmp_path: Path) -> None:
    site.add("door")
    # The first picture waits for the camera's next keyframe, which the recording's seconds must not.
    assert site.server.ask("GET", "/api/streams/door/frame").status == 200
    file = tmp_path / "door.mp4"
    process = start(site, "record", "door", str(file), "--fps", "10")
    eventually(lambda: site.server.stream("door")["client_count"] == 1, within=15)
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert process.returncode == 0, err
    assert "frames" in out
    assert cv2.VideoCapture(str(file)).get(cv2.CAP_PROP_FRAME_COUNT) >= 5


def test_a_window_needs_a_display(site: Site) -> None:
    site.add("door")
    code, told = run(site, "view", "door")
    assert code == 1
    assert "There is no display here." in told


def test_the_doctor_finds_everything_well(site: Site) -> None:
    site.add("door")
    code, told = run(site, "doctor")
    assert code == 0, told
    for word in ("OpenCV", "the server at", "FFmpeg", "door is online"):
        assert word in told


def test_without_a_server(site: Site) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    code, told = run(site, "doctor", FANLIGHT_URL=nowhere)
    assert code == 1
    assert "Start Fanlight" in told
    code, told = run(site, "--server", nowhere, "list")
    assert code == 1
    assert "Is Fanlight running there?" in told


def test_a_script_is_run_unedited(site: Site, tmp_path: Path) -> None:
    script = tmp_path / "theirs.py"
    script.write_text(
        "import sys, cv2\n"
        "from cv2 import VideoCapture\n"
        "capture = VideoCapture(sys.argv[1])\n"
        "print(capture.getBackendName(), capture.read()[0], sys.argv[2:], __name__)\n"
    )
    code, told = run(site, "run", str(script), site.cameras.url(), "--stride", "2", "--help")
    assert code == 0, told
    assert told.strip() == "FANLIGHT True ['--stride', '2', '--help'] __main__"
    eventually(lambda: "(theirs.py; pid" in site.server.log())

"""Streams with settings, as Python meets them: on demand, with a substream, changed while they are read."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest
from fanlight import RTSPStreamClient, Server, VideoCapture

from rig.clip import Clip
from rig.site import Site
from rig.waiting import eventually

#: It measures, and what runs beside it would be measured too.
pytestmark = pytest.mark.alone


def test_a_camera_on_demand_is_woken_and_left(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANLIGHT_URL", site.server.url)
    with Server(site.server.url) as fanlight:
        fanlight.add("door", site.cameras.url(), mode="on_demand", leave_after=1)
        eventually(lambda: site.server.state("door") == "stopped")
        capture = VideoCapture("door")
        assert capture.isOpened()
        assert capture.get(cv2.CAP_PROP_FRAME_WIDTH) == 640
        ok, frame = capture.read()
        assert ok
        assert frame is not None
        assert frame.shape == (360, 640, 3)
        assert site.server.state("door") == "online"
        capture.release()
        eventually(lambda: site.server.state("door") == "stopped", within=20)
        assert site.cameras.connections().open == 0


def test_settings_change_while_a_script_reads(site: Site) -> None:
    with Server(site.server.url) as fanlight, RTSPStreamClient(site.server.url, "door") as client:
        fanlight.add("door", site.cameras.url(0), width=320, height=180)
        assert client.get_frame(5) is not None
        changed = fanlight.change("door", {"name": "Front door", "width": 160, "height": 90})
        assert (changed["name"], changed["width"]) == ("Front door", 160)
        eventually(lambda: (frame := client.get_frame(2)) is not None and frame.shape == (90, 160, 3), within=8)
        fanlight.change("door", {"rtsp_url": site.cameras.url(1)})
        eventually(lambda: client.get_frame(1) is not None, within=10)
        before = site.cameras.connections(1).ever
        fanlight.restart("door")
        eventually(lambda: site.cameras.connections(1).ever > before, within=8)
        assert client.get_frame(8) is not None


def test_a_small_size_comes_from_the_substream(site: Site) -> None:
    with Server(site.server.url) as fanlight:
        fanlight.add("door", site.cameras.url(0), substream_url=site.cameras.url(1))
        with fanlight.client("door", size=(320, 180)) as client:
            frame = client.get_frame(8)
            assert frame is not None
            assert frame.stream in ("main", "sub")
            assert frame.clock in ("camera", "arrival")


def test_a_low_rate_is_kept_by_the_server(site: Site) -> None:
    site.add("door")
    with RTSPStreamClient(site.server.url, "door", size=(320, 180), fps=2) as client:
        assert client.get_frame(8) is not None
        started, frames = time.monotonic(), []
        while time.monotonic() - started < 3:
            frame = client.get_frame(1)
            if frame is not None:
                frames.append(frame)
        assert 5 <= len(frames) <= 7
        assert all(frame.age < 1 for frame in frames[-1:])
    assert client._reading._due == 0, "the server keeps the rate, the client need not"


def test_a_replay_is_a_camera(
    server: Callable[..., Any], clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / clip.path().name).symlink_to(clip.path())
    fanlight = server(env={"FANLIGHT_REPLAY_DIR": str(tmp_path)})
    monkeypatch.setenv("FANLIGHT_URL", fanlight.url)
    capture = VideoCapture(f"replay:{clip.path().name}")
    assert capture.isOpened(), capture.last_error
    ok, frame = capture.read()
    assert ok
    assert frame is not None
    assert frame.shape == (360, 640, 3)
    capture.release()

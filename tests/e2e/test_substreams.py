"""A camera's smaller stream, connecting on demand, and settings that change while readers watch."""

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from rig.camera import Cameras, Model
from rig.clip import Clip
from rig.http import Answer
from rig.pictures import SOON, Viewer, assert_running, numbers
from rig.server import Server
from rig.site import Site
from rig.waiting import eventually

FRAMES = 250
MODELS = [
    Model(Clip(1280, 720, 1200, FRAMES), "main"),
    Model(Clip(320, 180, 200, FRAMES), "sub"),
    Model(Clip(640, 360, 600, FRAMES, still=True), "still"),
    Model(Clip(640, 360, 600, FRAMES), "spare"),
]
MAIN, SUB, STILL, SPARE = range(4)
LARGE, SMALL = "width=1280&height=720", "width=320&height=180"


@pytest.fixture(scope="module")
def running_site() -> Iterator[Site]:
    with Cameras(models=MODELS) as cameras, Server() as server:
        yield Site(cameras, server)


@pytest.fixture
def site(running_site: Site) -> Iterator[Site]:
    """Fresh cameras; what a test added is removed after it."""
    yield running_site
    for stream in running_site.server.streams():
        running_site.server.ask("DELETE", f"/api/streams/{stream['stream_id']}/force")
    if any(running_site.cameras.connections(camera).ever for camera in range(4)):
        running_site.cameras.restart()


def opened(site: Site, camera: int) -> int:
    """How many connections the camera has now."""
    return site.cameras.connections(camera).open


def add(site: Site, **settings: Any) -> None:
    site.server.add("cam", site.cameras.url(MAIN), substream_url=site.cameras.url(SUB), **settings)


def frame(site: Site, query: str) -> Answer:
    answer = site.server.ask("GET", f"/api/streams/cam/frame?{query}&wait={SOON * 1000:.0f}", timeout=20)
    assert answer.status == 200, answer.text
    return answer


def test_each_reader_opens_the_stream_that_is_large_enough(site: Site) -> None:
    add(site, mode="on_demand", leave_after=1)
    stream = site.server.stream("cam")
    assert (stream["status"]["state"], stream["is_running"], stream["mode"]) == ("stopped", True, "on_demand")
    assert stream["substream"]["status"]["state"] == "stopped"
    time.sleep(0.5)
    assert (opened(site, MAIN), opened(site, SUB)) == (0, 0), "nobody asked for it"

    assert frame(site, SMALL).headers["x-frame-stream"] == "sub"
    assert (site.cameras.connections(MAIN).ever, site.cameras.connections(SUB).ever) == (0, 1)
    stream = site.server.stream("cam")
    assert stream["substream"]["video"]["width"] == 320
    assert [(each["stream"], each["width"]) for each in stream["renditions"]] == [("sub", 320)]
    eventually(lambda: opened(site, SUB) == 0, within=SOON)
    eventually(lambda: site.server.stream("cam")["substream"]["status"]["state"] == "stopped")

    assert frame(site, LARGE).headers["x-frame-stream"] == "main"
    assert (site.cameras.connections(MAIN).ever, site.cameras.connections(SUB).ever) == (1, 1)
    eventually(lambda: opened(site, MAIN) == 0, within=SOON)
    eventually(lambda: site.server.state("cam") == "stopped")

    assert frame(site, LARGE).headers["x-frame-stream"] == "main"
    assert site.cameras.connections(MAIN).ever == 2


def test_many_readers_open_each_stream_once(site: Site) -> None:
    add(site)
    site.server.wait_online("cam", within=SOON)
    assert opened(site, SUB) == 0, "the main stream is there before anyone asks, the smaller one on demand"
    viewers = [Viewer(site.server, "cam", size) for size in ((320, 180), (320, 180), (1280, 720), (640, 360))]
    for viewer in viewers:
        viewer.sees(FRAMES)
    streams = [each["stream"] for each in site.server.ask("GET", "/api/streams/cam/consumers").json["consumers"]]
    assert sorted(streams) == ["main", "main", "sub", "sub"]
    assert [site.cameras.connections(camera).ever for camera in (MAIN, SUB)] == [1, 1]
    for viewer in viewers:
        viewer.close()


def test_a_camera_on_demand_stays_for_a_while(site: Site) -> None:
    site.server.add("cam", site.cameras.url(SPARE), mode="on_demand", leave_after=30)
    for _ in range(3):
        frame(site, SMALL)
        time.sleep(0.5)
    assert site.cameras.connections(SPARE).ever == 1
    assert site.server.state("cam") == "online"


def test_a_substream_that_fails_is_stood_in_for(site: Site) -> None:
    site.server.add("cam", site.cameras.url(MAIN), substream_url=site.cameras.url(path="no/such/path"))
    site.server.wait_online("cam", within=SOON)
    assert frame(site, SMALL).headers["x-frame-stream"] == "main"
    assert site.server.stream("cam")["substream"]["status"]["error"]["code"] == "camera_not_found"


def change(site: Site, **settings: Any) -> dict[str, Any]:
    answer = site.server.ask("PATCH", "/api/streams/cam", settings)
    assert answer.status == 200, answer.text
    return answer.json


def test_readers_stay_while_settings_change(site: Site) -> None:
    site.server.add("cam", site.cameras.url(SPARE))
    site.server.wait_online("cam")
    with closing(Viewer(site.server, "cam")) as viewer:
        viewer.sees(FRAMES)
        told = change(site, name="Yard", rtsp_url=site.cameras.url(STILL))
        assert (told["name"], told["rtsp_url"]) == ("Yard", site.cameras.url(STILL))
        eventually(lambda: viewer.number() == 0 == viewer.number() == viewer.number(), within=SOON)
        eventually(lambda: opened(site, SPARE) == 0)
        # A name alone is no reason to connect anew.
        change(site, name="Garden", frame_buffer_size=50)
        change(site, rtsp_url=site.cameras.url(MAIN))
        viewer.sees(FRAMES)
        change(site, substream_url=site.cameras.url(SUB))
        change(site, substream_url=None)
        assert site.server.stream("cam")["substream"] is None
        viewer.sees(FRAMES)
        change(site, transport="udp")
        viewer.sees(FRAMES)
        assert site.server.stream("cam")["ingest"]["transport"] == "udp"
        assert site.server.stream("cam")["client_count"] == 1
    assert [site.cameras.connections(camera).ever for camera in (SPARE, STILL, MAIN)] == [1, 1, 2]


def test_settings_outlive_the_server(site: Site) -> None:
    add(site, mode="on_demand", leave_after=7)
    change(site, transport="udp", name="Yard")
    site.server.restart()
    stream = site.server.stream("cam")
    kept = {key: stream[key] for key in ("mode", "leave_after", "transport", "name")}
    assert kept == {"mode": "on_demand", "leave_after": 7, "transport": "udp", "name": "Yard"}
    assert stream["substream"]["rtsp_url"] == site.cameras.url(SUB)


@pytest.mark.parametrize(
    "settings",
    [
        {"colour": "red"},
        {"mode": "sometimes"},
        {"leave_after": -1},
        {"leave_after": 3601},
        {"transport": "pigeon"},
        {"substream_url": "file:///etc/passwd"},
        {"rtsp_url": ""},
        {"width": 15},
        {"frame_buffer_size": 1001},
    ],
    ids=str,
)
def test_settings_that_are_none_change_nothing(site: Site, settings: dict[str, Any]) -> None:
    site.server.add("cam", "demo:", mode="on_demand")
    before = site.server.stream("cam")
    answer = site.server.ask("PATCH", "/api/streams/cam", settings)
    assert answer.status == 400, answer.text
    assert answer.json["code"] in ("invalid_request", "unsupported_scheme")
    assert site.server.stream("cam") == before


def test_a_stream_that_is_not_there_cannot_be_changed_or_restarted(site: Site) -> None:
    site.server.ask("PATCH", "/api/streams/nobody", {"name": "x"}).problem(404, "stream_not_found")
    site.server.ask("POST", "/api/streams/nobody/restart", {}).problem(404, "stream_not_found")


def test_a_restart_connects_anew_and_keeps_readers(site: Site) -> None:
    site.server.add("cam", site.cameras.url(SPARE))
    site.server.wait_online("cam")
    with closing(Viewer(site.server, "cam")) as viewer:
        viewer.sees(FRAMES)
        for body in (b"", {}):
            answer = site.server.ask("POST", "/api/streams/cam/restart", body)
            assert answer.status == 200, answer.text
            assert answer.json == {"message": "Stream restarted successfully", "stream_id": "cam"}
            viewer.sees(FRAMES)
    assert site.cameras.connections(SPARE).ever == 3
    eventually(lambda: opened(site, SPARE) == 1)
    assert_running(numbers(site.server, "cam"), FRAMES)

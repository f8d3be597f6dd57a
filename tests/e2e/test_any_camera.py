"""Cameras with their habits: each shows its right picture over its one connection, as any other does."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rig.camera import Cameras, Model
from rig.clip import Clip
from rig.pictures import SOON, Viewer, assert_running, numbers
from rig.server import Server
from rig.site import Site
from rig.waiting import eventually
from rig.wire import Wire


def clip(**habits: int) -> Clip:
    return Clip(640, 360, 600, **{"frames": 250} | habits)


PLAIN = clip()
LENGTH = PLAIN.frames
TINY, LARGE = Clip(320, 180, 200, LENGTH), Clip(1600, 900, 1200, LENGTH)

MODELS = {
    model.path.split("?")[0]: model
    for model in (
        Model(PLAIN, "plain"),
        Model(clip(b_frames=2), "b-frames"),
        Model(PLAIN, "sets-in-sdp", parameter_sets="sdp"),
        Model(PLAIN, "sets-inband", parameter_sets="inband"),
        Model(clip(claims_fps=100), "claims-100-fps"),
        Model(clip(claims_fps=0), "claims-no-rate"),
        Model(PLAIN, "two-videos", ("video", "other"), other=TINY),
        Model(PLAIN, "sound-first", ("audio", "video")),
        Model(PLAIN, "query?channel=1&subtype=0"),
        Model(PLAIN, "grows", other=LARGE),
        Model(PLAIN, "tcp-only", tcp_only=True),
        Model(PLAIN, "sleepy"),
        Model(PLAIN, "misdates"),
        Model(clip(still=True), "stares"),
        Model(PLAIN, "freezes", other=clip(frames=100, still=True)),
        Model(clip(codec="mpeg4"), "mpeg4"),
        # Those that one has to wait for.
        Model(clip(gop=250), "long-gop"),
        Model(Clip(640, 360, 600, 900, 12, intra_refresh=True), "no-keyframes"),
    )
}
NUMBER = {name: number for number, name in enumerate(MODELS)}
#: The longest wait for a keyframe, and what a busy machine adds.
KEYFRAME = 25.0


#: Those that are looked at in a test of their own.
SPECIAL = ("mpeg4", "sleepy", "misdates", "stares", "freezes")
#: For so long a camera sends nothing after it was connected, in seconds.
SLEEP = 10.0


@dataclass
class Street(Site):
    """One camera of each kind, and what takes time and goes on beside the tests."""

    #: The network to the camera "sleepy", which sends nothing at first.
    slow: Wire
    #: The network to the camera "misdates", whose clock is an hour fast.
    misdating: Wire
    #: When the camera "freezes" began to show one picture.
    stood_still: datetime


@pytest.fixture(scope="module")
def street() -> Iterator[Street]:
    """All cameras are started at once."""
    with (
        Cameras(models=list(MODELS.values())) as cameras,
        Wire(cameras.port, silent_for=SLEEP) as slow,
        Wire(cameras.port, clock_off_by=3600) as misdating,
        Server() as server,
    ):
        ports = {"sleepy": slow.port, "misdates": misdating.port}
        for name, number in NUMBER.items():
            server.add(name, cameras.url(number, port=ports.get(name)))
        server.wait_online("freezes")
        server.wait_online("stares")
        assert server.stream("freezes")["status"]["frozen_since"] is None
        cameras.play(1, NUMBER["freezes"])
        # Somebody has a look at one of them, so that its pictures are compared, not its packets.
        with closing(Viewer(server, "stares")):
            yield Street(cameras, server, slow, misdating, datetime.now(UTC))


@pytest.mark.parametrize("name", [name for name in MODELS if name not in SPECIAL])
def test_its_pictures_are_shown(street: Street, name: str) -> None:
    video = street.server.wait_online(name, within=15)["video"]
    assert (video["codec"], video["width"], video["height"]) == ("h264", 640, 360)
    assert_running(numbers(street.server, name, first_within=KEYFRAME), MODELS[name].clip.frames)
    assert street.cameras.connections(NUMBER[name]).most == 1


@pytest.mark.parametrize("name", ["claims-100-fps", "claims-no-rate"])
def test_its_rate_is_measured_not_believed(street: Street, name: str) -> None:
    eventually(lambda: 20 <= street.server.stream(name)["video"]["fps"] <= 30)


def test_a_query_is_part_of_its_address(street: Street) -> None:
    street.server.wait_online("query")
    asked = {e["query"] for e in street.cameras.events() if e["ev"] == "describe" and e["cam"] == "query"}
    assert asked == {"channel=1&subtype=0"}


def test_its_sound_is_told(street: Street) -> None:
    ingest = street.server.wait_online("sound-first")["ingest"]
    assert (ingest["path"], ingest["reason"], ingest["audio"]) == ("rtsp", None, "pcma")


def test_ffmpeg_opens_what_the_engine_cannot_read(street: Street) -> None:
    eventually(lambda: street.server.state("mpeg4") == "online", within=20)
    ingest = street.server.stream("mpeg4")["ingest"]
    assert ingest["path"] == "ffmpeg"
    assert "MP4V-ES" in ingest["reason"]
    with closing(Viewer(street.server, "mpeg4")) as viewer:
        viewer.sees(LENGTH)


def test_its_picture_may_change_its_size(street: Street) -> None:
    fanlight, number = street.server, NUMBER["grows"]
    fanlight.wait_online("grows")
    with closing(Viewer(fanlight, "grows")) as viewer:
        viewer.sees(LENGTH)
        for clip, width in ((1, 1600), (0, 640)):
            street.cameras.play(clip, number)
            eventually(lambda width=width: fanlight.stream("grows")["video"]["width"] == width, within=SOON)
            viewer.sees(LENGTH)
    assert street.cameras.connections(number).ever == 1


def test_a_picture_that_stands_still_is_told(street: Street) -> None:
    fanlight, number = street.server, NUMBER["freezes"]
    since = eventually(lambda: fanlight.stream("freezes")["status"]["frozen_since"], within=25)
    # It was still from the first keyframe of the standing picture on, at the latest.
    assert timedelta(seconds=-1) < datetime.fromisoformat(since) - street.stood_still < timedelta(seconds=6)
    assert fanlight.state("freezes") == "online"
    street.cameras.play(0, number)
    eventually(lambda: fanlight.stream("freezes")["status"]["frozen_since"] is None, within=SOON)
    assert street.cameras.connections(number).ever == 1


def test_an_ipv6_address(street: Street) -> None:
    if "::1" not in street.cameras.events()[0]["addresses"]:
        pytest.skip("this machine has no IPv6")
    street.server.add("v6", street.cameras.url(address="[::1]"))
    street.server.wait_online("v6")
    assert_running(numbers(street.server, "v6"), LENGTH)


def test_rtp_over_udp(street: Street) -> None:
    street.server.add("udp", street.cameras.url(), transport="udp")
    assert street.server.wait_online("udp")["ingest"]["transport"] == "udp"
    assert_running(numbers(street.server, "udp"), LENGTH)


def test_rtp_over_udp_that_the_camera_refuses(street: Street) -> None:
    street.server.add("refused", street.cameras.url(NUMBER["tcp-only"]), transport="udp")
    error = eventually(lambda: street.server.stream("refused")["status"]["error"], within=SOON)
    assert "tcp" in error["message"].lower(), error
    assert street.server.ask("PATCH", "/api/streams/refused", {"transport": "tcp"}).status == 200
    street.server.wait_online("refused", within=SOON)


@pytest.mark.parametrize("auth", ["basic", "digest"])
def test_a_password_of_signs(camera: Callable[..., Cameras], server: Callable[..., Server], auth: str) -> None:
    cameras = camera(PLAIN, user="us@er", password="p@:/?#^%41&=+ ü", auth=auth)
    fanlight = server()
    fanlight.add("cam", cameras.url())
    fanlight.wait_online("cam")
    assert_running(numbers(fanlight, "cam"), LENGTH)


def test_a_picture_that_stands_still_is_told_by_what_is_seen(street: Street) -> None:
    eventually(lambda: street.server.stream("stares")["status"]["frozen_since"], within=25)


def test_a_camera_whose_clock_is_an_hour_fast(street: Street) -> None:
    street.server.wait_online("misdates")
    eventually(lambda: street.misdating.reports > 0, within=15)
    answer = street.server.ask("GET", "/api/streams/misdates/frame")
    assert answer.headers["x-frame-clock"] == "arrival"
    assert abs(int(answer.headers["x-frame-timestamp"]) / 1e9 - time.time()) < 60


def test_a_camera_that_takes_ten_seconds_to_wake_up(street: Street) -> None:
    eventually(lambda: street.server.state("sleepy") == "online", within=15)
    assert len(street.slow.opened_at) == 1
    assert street.slow.first_packet_at - street.slow.opened_at[0] > SLEEP
    assert_running(numbers(street.server, "sleepy"), LENGTH)


def probes(server: Server, urls: dict[str, str]) -> dict[str, dict[str, Any]]:
    """What probing each of them tells, all at a time."""

    def probe(url: str) -> dict[str, Any]:
        answer = server.ask("POST", "/api/probe", {"url": url}, timeout=60)
        assert answer.status == 200, answer.text
        return answer.json

    with ThreadPoolExecutor(4) as pool:
        return dict(zip(urls, pool.map(probe, urls.values())))


def test_a_probe_tells_its_habits(street: Street, server: Callable[..., Server]) -> None:
    names = ("plain", "b-frames", "long-gop")
    urls = {name: street.cameras.url(NUMBER[name]) for name in names}
    street.cameras.play(1, NUMBER["grows"])
    urls["large"] = street.cameras.url(NUMBER["grows"])
    told = probes(server(), urls)
    street.cameras.play(0, NUMBER["grows"])
    warnings = {name: {warning["code"] for warning in each["warnings"]} for name, each in told.items()}
    assert warnings == {"plain": set(), "b-frames": {"b_frames"}, "long-gop": {"long_gop"}, "large": {"large_stream"}}
    assert [told[name]["b_frames"] for name in names] == [False, True, False]
    assert {each["profile"] for each in told.values()} == {"Main"}
    assert all(each["picture"] for each in told.values())

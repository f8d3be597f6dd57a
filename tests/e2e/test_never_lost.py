"""Whatever a camera, its network or FFmpeg do: readers keep their connections, and get pictures again."""

import signal
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from rig.camera import Cameras
from rig.pictures import SOON, Viewer, assert_running, numbers
from rig.plugin import SMALL
from rig.server import Server
from rig.stand_in import DYING, TALKATIVE, stand_in
from rig.waiting import eventually
from rig.wire import Noise, Wire


def happened(server: Server, stream_id: str) -> dict[str, Any]:
    return server.ask("GET", f"/api/streams/{stream_id}/history").json


# The network


def test_a_connection_that_breaks_again_and_again(
    camera: Callable[..., Cameras], server: Callable[..., Server]
) -> None:
    cameras, fanlight = camera(cameras=8), server()
    rounds = 12
    with Wire(cameras.port) as wire:
        for i in range(8):
            fanlight.add(f"cam{i}", cameras.url(i, port=wire.port))
        for i in range(8):
            fanlight.wait_online(f"cam{i}", within=SOON)
        with closing(Viewer(fanlight, "cam0")) as viewer:
            viewer.sees(SMALL.frames)
            process = psutil.Process(fanlight.pid)
            before = process.num_fds()
            for broken in range(1, rounds + 1):
                wire.cut()
                eventually(lambda told=8 * (broken + 1): len(wire.opened_at) >= told, within=SOON)
                time.sleep(0.3)
            viewer.sees(SMALL.frames, within=2 * SOON)
        assert wire.open == 8
        # Each waits before it comes back, and comes back once.
        assert len(wire.opened_at) == 8 * (rounds + 1)
        returns = [wire.opened_at[8 * n] - wire.opened_at[8 * n - 1] for n in range(1, rounds + 1)]
        assert min(returns) > 0.5, returns
        assert sum(happened(fanlight, "cam0")["reconnects"]) == rounds
        assert process.num_fds() <= before + 4
        assert len(fanlight.ffmpegs()) == 1


def test_packets_that_are_lost_or_damaged(camera: Callable[..., Cameras], server: Callable[..., Server]) -> None:
    cameras, fanlight = camera(cameras=2), server()
    with Wire(cameras.port) as wire:
        fanlight.add("cam", cameras.url(port=wire.port))
        fanlight.add("neighbour", cameras.url(1))
        fanlight.wait_online("cam")
        with closing(Viewer(fanlight, "cam")) as viewer:
            viewer.sees(SMALL.frames)
            # What is damaged inside of pictures, or missing, is no reason to connect anew.
            with wire.noisy(Noise(lost=0.01, changed=0.02, first_byte=40)):
                deadline = time.monotonic() + 4
                seen = [viewer.number() for _ in iter(lambda: time.monotonic() < deadline, False)]
            assert len(seen) > 20
            viewer.sees(SMALL.frames)
            assert len(wire.opened_at) == 1
            # Headers, too: nothing can be made of it, but nothing breaks for good.
            with wire.noisy(Noise(cut=0.2, changed=0.6, first_byte=0, seed=2)):
                time.sleep(3)
            viewer.sees(SMALL.frames, within=3 * SOON)
            assert sum(happened(fanlight, "cam")["lost"]) > 0
    assert_running(numbers(fanlight, "neighbour"), SMALL.frames)
    assert cameras.connections(1).ever == 1


# The password


def test_a_camera_that_refuses_is_left_alone_until_someone_asks(
    camera: Callable[..., Cameras], server: Callable[..., Server]
) -> None:
    cameras, fanlight = camera(user="viewer", password="right"), server()
    fanlight.add("cam", cameras.url(password="wrong"))

    def tries() -> int:
        return sum(event["ev"] == "connect" for event in cameras.events())

    def status() -> dict[str, Any]:
        return fanlight.stream("cam")["status"]

    eventually(lambda: status()["attempt"] == 3, within=15)
    # Connected on demand, it is no longer wanted while nobody reads.
    assert fanlight.ask("PATCH", "/api/streams/cam", {"name": "Gate"}).status == 200
    for _ in range(20):
        told = status()
        assert (told["state"], told["error"]["code"], told["attempt"]) == ("auth_failed", "auth_failed", 3)
        # Readers ask for it, which is no reason to try again.
        fanlight.ask("GET", "/api/streams/cam/frame?wait=50").problem(503, "auth_failed")
        time.sleep(0.05)
    assert tries() == 3, "cameras lock accounts"
    rest = datetime.fromisoformat(told["next_try"]) - datetime.now(UTC)
    assert timedelta(minutes=20) < rest < timedelta(minutes=40)

    assert fanlight.ask("POST", "/api/streams/cam/restart", {}).status == 200
    eventually(lambda: tries() == 4)
    assert fanlight.ask("PATCH", "/api/streams/cam", {"rtsp_url": cameras.url()}).status == 200
    fanlight.wait_online("cam", within=SOON)
    assert_running(numbers(fanlight, "cam"), SMALL.frames)


# FFmpeg


def test_coming_and_going_readers_do_not_make_it_try_more_often(
    camera: Callable[..., Cameras], server: Callable[..., Server]
) -> None:
    cameras, fanlight = camera(user="viewer", password="right"), server()
    fanlight.add("cam", cameras.url(password="wrong"), mode="on_demand", leave_after=2)

    def attempt() -> int:
        fanlight.ask("GET", "/api/streams/cam/frame?wait=50").problem(503, "auth_failed")
        return fanlight.stream("cam")["status"]["attempt"]

    eventually(lambda: attempt() == 3, within=15, every=0.5)
    eventually(lambda: fanlight.state("cam") == "stopped", within=10)
    for _ in range(5):
        attempt()
        time.sleep(0.3)
    assert fanlight.stream("cam")["status"]["next_try"]
    assert sum(event["ev"] == "connect" for event in cameras.events()) == 3


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=lambda how: how.name)
def test_a_decoder_that_fails_is_replaced_at_once(
    camera: Callable[..., Cameras], server: Callable[..., Server], how: signal.Signals
) -> None:
    cameras, fanlight = camera(), server()
    fanlight.add("cam", cameras.url())
    fanlight.wait_online("cam")
    with closing(Viewer(fanlight, "cam")) as viewer:
        viewer.sees(SMALL.frames)
        (decoder,) = fanlight.decoders()
        decoder.send_signal(how)
        started = time.monotonic()

        def another() -> bool:
            return any(each.pid != decoder.pid for each in fanlight.decoders())

        eventually(another, within=6)
        viewer.sees(SMALL.frames, within=8)
        assert time.monotonic() - started < 8
        eventually(lambda: len(fanlight.ffmpegs()) == 1)
    assert cameras.connections().ever == 1


def test_a_decoder_that_dies_each_time_is_told_and_left_alone(
    camera: Callable[..., Cameras], server: Callable[..., Server], tmp_path: Path
) -> None:
    cameras, fanlight = camera(), server(ffmpeg=stand_in(tmp_path, DYING))
    fanlight.add("cam", cameras.url())
    fanlight.wait_online("cam")

    def starts() -> int:
        return len(Path(f"{fanlight.ffmpeg}.starts").read_text().splitlines())

    told = fanlight.ask("GET", "/api/streams/cam/frame?wait=15000", timeout=30)
    assert told.problem(503, "decode_failed")
    assert starts() == 5
    for _ in range(20):
        fanlight.ask("GET", "/api/streams/cam/frame?wait=100").problem(503, "decode_failed")
        time.sleep(0.1)
    assert starts() == 5
    assert fanlight.state("cam") == "online"


def test_an_ffmpeg_that_talks_all_the_time(
    camera: Callable[..., Cameras], server: Callable[..., Server], tmp_path: Path
) -> None:
    cameras, fanlight = camera(), server(ffmpeg=stand_in(tmp_path, TALKATIVE), env={"LOG_LEVEL": "warn"})
    fanlight.add("cam", cameras.url())
    fanlight.wait_online("cam")
    with closing(Viewer(fanlight, "cam")) as viewer:
        viewer.sees(SMALL.frames, within=2 * SOON)
        process = psutil.Process(fanlight.pid)
        before = process.memory_info().rss
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            viewer.sees(SMALL.frames)
        assert process.memory_info().rss - before < 20_000_000
    assert len(fanlight.log()) < 1_000_000

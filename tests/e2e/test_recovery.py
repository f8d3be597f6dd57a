"""Cameras and decoders that die: readers go on by themselves, and are told the truth meanwhile."""

import signal
import time
from collections.abc import Callable

import pytest
from fanlight import RTSPStreamClient

from rig import code_blocks
from rig.camera import Cameras
from rig.server import Server
from rig.waiting import eventually

#: The longest wait for a keyframe: one group of pictures.
KEYFRAME = 2.0
#: A shared machine may be busy.
SLACK = 2.5


class Watch:
    """A reader that goes on reading, and knows how old its picture is."""

    def __init__(self, server: Server, cameras: Cameras) -> None:
        self.client = RTSPStreamClient(server.url, "cam")
        self.cameras = cameras

    def frame_age(self, within: float) -> float:
        """The age of the next frame by what is painted in it; fails when there is none in time."""
        frame = self.client.get_frame(within)
        assert frame is not None, self.client.last_error
        number = code_blocks.decode(frame)
        assert number is not None
        schedule = self.cameras.schedule
        return time.time() - schedule.t_of(schedule.n_of(number, time.time()))

    def goes_on(self, within: float) -> None:
        """Twenty fresh frames in a row, the first of them in time."""
        self.frame_age(within)
        ages = [self.frame_age(2) for _ in range(20)]
        assert max(ages[5:]) < 0.5


@pytest.fixture
def site(camera: Callable[..., Cameras], server: Callable[..., Server]) -> tuple[Cameras, Server, Watch]:
    cameras, fanlight = camera(), server()
    fanlight.add("cam", cameras.url())
    fanlight.wait_online("cam")
    watch = Watch(fanlight, cameras)
    watch.goes_on(within=5)
    return cameras, fanlight, watch


def test_a_camera_that_restarts(site: tuple[Cameras, Server, Watch]) -> None:
    cameras, fanlight, watch = site
    cameras.kill()
    eventually(lambda: watch.client.get_frame(0.3) is None)
    eventually(lambda: fanlight.state("cam") == "reconnecting")
    assert fanlight.stream("cam")["status"]["error"]["code"] in ("camera_unreachable", "stalled")
    time.sleep(2)
    cameras.start()
    watch.goes_on(within=2 + KEYFRAME + SLACK)
    status = fanlight.stream("cam")["status"]
    assert (status["state"], status["error"]) == ("online", None)


def test_a_camera_that_freezes(site: tuple[Cameras, Server, Watch]) -> None:
    cameras, fanlight, watch = site
    cameras.freeze()
    started = time.monotonic()
    eventually(lambda: watch.client.get_frame(0.5) is None)
    stalled = eventually(lambda: fanlight.state("cam") in ("stalled", "reconnecting"), within=10)
    assert stalled
    assert time.monotonic() - started < 9
    assert watch.client.get_frame(0.3) is None, "an old picture is not shown as if it were live"
    cameras.thaw()
    watch.goes_on(within=10)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_decoder_that_dies(site: tuple[Cameras, Server, Watch], how: signal.Signals) -> None:
    _, fanlight, watch = site
    for _ in range(4):
        replaced(fanlight, watch, how, within=KEYFRAME + SLACK)


def test_a_decoder_that_hangs(site: tuple[Cameras, Server, Watch]) -> None:
    _, fanlight, watch = site
    replaced(fanlight, watch, signal.SIGSTOP, within=12)


def replaced(fanlight: Server, watch: Watch, how: signal.Signals, within: float) -> None:
    """The decoder ends in this way; its reader reads on, and another decodes in its place."""
    (decoder,) = fanlight.decoders()
    decoder.send_signal(how)

    def another() -> bool:
        watch.client.get_frame(0.2)  # frames that were under way still come
        return [each.pid for each in fanlight.decoders()] not in ([], [decoder.pid])

    eventually(another, within)
    watch.goes_on(within=2)
    eventually(lambda: len(fanlight.ffmpegs()) == 1)


def test_a_server_that_restarts(site: tuple[Cameras, Server, Watch]) -> None:
    _, fanlight, watch = site
    fanlight.stop()
    started = time.monotonic()
    assert watch.client.get_frame(0.4) is None
    assert 0.3 < time.monotonic() - started < 0.6
    fanlight.start()
    watch.goes_on(within=5 + KEYFRAME)


def test_a_server_that_hangs(site: tuple[Cameras, Server, Watch]) -> None:
    _, fanlight, watch = site
    fanlight.send_signal(signal.SIGSTOP)
    for _ in range(3):
        started = time.monotonic()
        watch.client.get_frame(0.4)
        assert time.monotonic() - started < 0.6
    fanlight.send_signal(signal.SIGCONT)
    watch.goes_on(within=5 + KEYFRAME)


def test_a_stream_that_is_removed_and_added_again(site: tuple[Cameras, Server, Watch]) -> None:
    cameras, fanlight, watch = site
    assert fanlight.ask("DELETE", "/api/streams/cam/force").status == 200
    assert watch.client.get_frame(0.3) is None
    fanlight.add("cam", cameras.url())
    watch.goes_on(within=2 + KEYFRAME + SLACK)


def test_an_outage_of_one_camera_is_no_outage_of_another(
    camera: Callable[..., Cameras], server: Callable[..., Server]
) -> None:
    good, bad, fanlight = camera(), camera(), server()
    fanlight.add("cam", good.url())
    fanlight.add("bad", bad.url())
    fanlight.wait_online("cam")
    fanlight.wait_online("bad")
    watch = Watch(fanlight, good)
    watch.goes_on(within=5)
    bad.kill()
    ages = [watch.frame_age(1) for _ in range(75)]
    assert max(ages) < 0.5
    assert fanlight.state("cam") == "online"
    assert good.connections().ever == 1

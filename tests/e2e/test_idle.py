"""A camera that nobody watches: connected, not decoded, and next to free."""

from collections.abc import Callable

import pytest

from rig import processes
from rig.camera import Cameras
from rig.plugin import FULL_HD
from rig.server import Server
from rig.waiting import eventually

#: It measures, and what runs beside it would be measured too.
pytestmark = pytest.mark.alone


def test_a_camera_nobody_watches_costs_next_to_nothing(
    camera: Callable[..., Cameras], server: Callable[..., Server]
) -> None:
    cameras, fanlight = camera(FULL_HD), server(env={"LOG_LEVEL": "info"})
    fanlight.add("cam", cameras.url())
    fanlight.wait_online("cam")
    assert fanlight.ffmpegs() == []
    # Machines differ, and a busy one makes the same work take more time, so the best of three counts. A decoder
    # would cost ten times as much; how little it is exactly, the bench measures.
    eventually(lambda: processes.cores_used(fanlight.pid, seconds=10) <= 0.015, within=25)
    assert cameras.connections().open == 1
    assert fanlight.stream("cam")["renditions"] == []


def test_the_decoder_ends_after_the_last_reader(camera: Callable[..., Cameras], server: Callable[..., Server]) -> None:
    cameras, fanlight = camera(), server()
    fanlight.add("cam", cameras.url())
    fanlight.wait_online("cam")
    assert fanlight.ask("GET", "/api/streams/cam/frame").status == 200
    assert len(fanlight.decoders()) == 1
    eventually(lambda: not fanlight.ffmpegs(), within=20)
    assert fanlight.ask("GET", "/api/streams/cam/frame").status == 200

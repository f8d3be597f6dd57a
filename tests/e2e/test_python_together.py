"""Several cameras at once in Python: by asyncio, and by the time of capture."""

import asyncio
import time
from itertools import pairwise
from pathlib import Path

import pytest
from fanlight import (
    AsyncClient,
    NoFrame,
    RTSPStreamClient,
    StreamNotFound,
    read_synchronised,
    read_synchronised_async,
)

from rig import code_blocks
from rig.site import Site
from rig.waiting import eventually

#: It measures, and what runs beside it would be measured too.
pytestmark = pytest.mark.alone

#: Frames of two cameras that were sent at the same moment carry the same number.
SIZE = (320, 180)


# By the time of capture


def test_two_cameras_in_step(site: Site) -> None:
    site.add("left", 0)
    site.add("right", 1)
    left, right = (RTSPStreamClient(site.server.url, name, size=SIZE) for name in ("left", "right"))
    pairs = []
    with left, right:
        for _ in range(25):
            pair = read_synchronised([left, right], tolerance=0.03, timeout=5)
            assert pair is not None
            pairs.append(pair)
    for one, other in pairs:
        assert (one.stream_id, other.stream_id) == ("left", "right")
        assert abs(one.captured_at - other.captured_at) <= 0.03
        numbers = code_blocks.decode(one), code_blocks.decode(other)
        assert None not in numbers
        apart = abs(numbers[0] - numbers[1])
        assert min(apart, site.cameras.clip.frames - apart) <= 1
    for which in (0, 1):
        sequences = [pair[which].sequence for pair in pairs]
        assert sequences == sorted(set(sequences)), "no frame twice"
        for before, after in pairwise(pair[which] for pair in pairs):
            assert after.gap == after.sequence - before.sequence - 1, "and none lost untold"
    assert pairs[-1][0].captured_at - pairs[0][0].captured_at < 3, "the newest each time, none held back"
    eventually(lambda: all(stream["client_count"] == 0 for stream in site.server.streams()))


def test_cameras_that_do_not_go_together_are_a_timeout(site: Site) -> None:
    site.add("left", 0)
    with RTSPStreamClient(site.server.url, "left") as left, RTSPStreamClient(site.server.url, "demo") as demo:
        demo.start_stream("demo:")
        assert demo.get_frame(8) is not None
        started = time.monotonic()
        assert read_synchronised([left, demo], tolerance=0, timeout=0.7) is None
        assert 0.6 < time.monotonic() - started < 0.9
        frame = left.get_frame(5)  # it may have been joined right after a keyframe
        assert frame is not None
        assert frame.age < 0.5, "what was still asked for is no old frame"


def test_a_camera_that_is_missing_is_told(site: Site) -> None:
    site.add("left", 0)
    clients = [RTSPStreamClient(site.server.url, name) for name in ("left", "nobody")]
    with pytest.raises(StreamNotFound):
        read_synchronised(clients, timeout=1)
    for client in clients:
        client.close()


# By asyncio


def test_frames_in_a_loop(site: Site, tmp_path: Path) -> None:
    async def read() -> None:
        async with AsyncClient(site.server.url, "cam", pixels="gray") as client:
            with pytest.raises(StreamNotFound):
                await client.get_frame(1)
            assert await client.start_stream(site.cameras.url(), *SIZE)
            numbers = []
            async for frame in client:
                assert frame.shape == (180, 320)
                assert frame.flags.owndata
                numbers.append(code_blocks.decode(frame))
                if len(numbers) == 20:
                    break
            assert None not in numbers
            assert len(set(numbers)) == 20
            assert (await client.get_stream())["client_count"] == 1
            assert (await client.get_stats())["stream_id"] == "cam"
            file = tmp_path / "cam.jpg"
            assert await client.snapshot(file) == file.read_bytes()
            assert await client.stop_stream()
        assert site.server.streams() == []

    asyncio.run(read())


def test_many_readers_in_one_thread(site: Site) -> None:
    async def count(client: AsyncClient) -> int:
        frames, deadline = 0, time.monotonic() + 2
        while time.monotonic() < deadline:
            frames += await client.get_frame(1) is not None
        return frames

    async def read() -> list[int]:
        clients = [await AsyncClient.for_url(site.server.url, site.cameras.url(n % 2), *SIZE) for n in range(6)]
        assert await clients[0].get_frame(8) is not None
        assert await clients[1].get_frame(8) is not None
        try:
            return await asyncio.gather(*(count(client) for client in clients))
        finally:
            for client in clients:
                client.close()

    assert min(asyncio.run(read())) >= 40


def test_a_dead_camera_is_a_timeout_and_a_reason(site: Site) -> None:
    async def read() -> None:
        async with await AsyncClient.for_url(site.server.url, site.cameras.url(), *SIZE) as client:
            assert await client.get_frame(8) is not None
            site.cameras.freeze()
            while await client.get_frame(0.3) is not None:
                pass
            started = time.monotonic()
            with pytest.raises(NoFrame):
                await client.frames(timeout=0.5).__anext__()
            assert time.monotonic() - started < 0.7
            site.cameras.thaw()
            assert await client.get_frame(8) is not None

    asyncio.run(read())


def test_a_reader_outlives_the_server(site: Site) -> None:
    async def read() -> None:
        async with await AsyncClient.for_url(site.server.url, site.cameras.url(), *SIZE) as client:
            assert await client.get_frame(8) is not None
            await asyncio.get_running_loop().run_in_executor(None, site.server.restart)
            assert await client.get_frame(10) is not None

    asyncio.run(read())


def test_two_cameras_in_step_by_asyncio(site: Site) -> None:
    site.add("left", 0)
    site.add("right", 1)

    async def read() -> None:
        clients = [AsyncClient(site.server.url, name, size=SIZE) for name in ("left", "right")]
        seen = set()
        for _ in range(10):
            pair = await read_synchronised_async(clients, tolerance=0.03, timeout=5)
            assert pair is not None
            assert abs(pair[0].captured_at - pair[1].captured_at) <= 0.03
            seen.add((pair[0].sequence, pair[1].sequence))
        assert len(seen) == 10
        for client in clients:
            client.close()

    asyncio.run(read())
    # One connection each, however often one of them was waited for in vain.
    assert all(stream["client_count"] <= 1 for stream in site.server.streams())

"""What the instance that has a camera open knows of it is known at all others, and goes with the camera."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rig.camera import Cameras
from rig.cluster import Instance, Redis, new_key
from rig.movie import length
from rig.waiting import eventually

#: A new Redis gives no camera to anybody for a lease's time, and connecting takes a moment.
FIRST = 9.0
#: From kill -9 to the connection of the next owner: a lease, and what follows.
TAKEOVER = 8.0
#: What changes at the owner is told everywhere.
TOLD = 2.0


class Pair:
    """Two instances that share a camera which nobody reads."""

    def __init__(self, one: Instance, two: Instance, cameras: Cameras, folders: dict[str, Path]) -> None:
        self.cameras = cameras
        self.folders = folders
        one.add("door", cameras.url())
        eventually(lambda: one.has_open(cameras) + two.has_open(cameras) == 1, within=FIRST)
        self.owner, self.other = (one, two) if one.has_open(cameras) else (two, one)
        eventually(lambda: [stream["stream_id"] for stream in self.other.streams()] == ["door"], within=2)

    def shows(self, state: str, within: float = TOLD) -> None:
        """Both say that the camera is in this state."""
        for instance in (self.owner, self.other):
            eventually(lambda: instance.stream("door")["status"]["state"] == state, within)  # noqa: B023

    def recording(self, instance: Instance, is_now: str, within: float = TOLD) -> None:
        eventually(lambda: instance.stream("door")["recording"] == is_now, within)

    def files(self, instance: Instance) -> list[Path]:
        return sorted(self.folders[instance.name].rglob("*.mp4"))


@pytest.fixture
def pair(camera: Callable[..., Cameras], tmp_path: Path) -> Iterator[Pair]:
    key = new_key()
    folders = {name: tmp_path / name for name in ("one", "two")}
    options = {name: ["--recordings", str(folder)] for name, folder in folders.items()}
    with (
        Redis() as redis,
        Instance("one", redis, key, options["one"]) as one,
        Instance("two", redis, key, options["two"]) as two,
    ):
        yield Pair(one, two, camera(), folders)


def test_an_instance_that_does_not_read_a_camera_knows_how_it_is(pair: Pair) -> None:
    pair.shows("online", within=10)
    assert pair.cameras.connections().ever == 1, "the other one looks without connecting to anything"
    up = 'fanlight_camera_up{camera="door"'
    for instance in (pair.owner, pair.other):
        told = [line for line in instance.ask("GET", "/metrics").text.splitlines() if line.startswith(up)]
        assert [line.rsplit(" ", 1)[-1] for line in told] == ["1"], told
    pair.cameras.kill()
    pair.shows("reconnecting", within=10)
    errors = [each.stream("door")["status"]["error"]["code"] for each in (pair.owner, pair.other)]
    assert errors[0] == errors[1], errors
    pair.cameras.start()
    pair.shows("online", within=15)


def test_a_recording_is_begun_at_any_instance_and_shown_at_all(pair: Pair) -> None:
    pair.shows("online", within=10)
    assert pair.other.ask("POST", "/api/streams/door/recording", {}).status == 200
    pair.recording(pair.owner, "recording", within=5)
    pair.recording(pair.other, "recording")
    assert pair.files(pair.other) == []
    assert pair.other.ask("DELETE", "/api/streams/door/recording").status == 200
    pair.recording(pair.other, "off")
    assert len(pair.files(pair.owner)) == 1


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_recording_begun_by_hand_goes_on_where_the_camera_goes(pair: Pair, how: signal.Signals) -> None:
    pair.shows("online", within=10)
    assert pair.owner.ask("POST", "/api/streams/door/recording", {}).status == 200
    pair.recording(pair.other, "recording", within=5)
    if how == signal.SIGKILL:
        pair.owner.kill()
    else:
        pair.owner.send_signal(how)
        assert pair.owner.wait(10) == 0
    eventually(lambda: pair.other.has_open(pair.cameras) == 1, within=TAKEOVER)
    eventually(lambda: [file for file in pair.files(pair.other) if file.stat().st_size > 0], within=5)
    pair.recording(pair.other, "recording")
    assert pair.other.ask("DELETE", "/api/streams/door/recording").status == 200
    # What was on disk before is a movie, too.
    for instance in (pair.owner, pair.other):
        (file,) = pair.files(instance)
        assert length(file) > 0
    assert pair.cameras.connections().most == 1

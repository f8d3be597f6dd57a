"""Three instances with twenty cameras that somebody reads at every instance, and what may happen to them. Whatever it
is, no camera is ever opened twice at a time, as the cameras themselves tell."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from rig.camera import Cameras
from rig.clip import Clip
from rig.cluster import Instance, Sentinels, new_key
from rig.waiting import eventually
from rig.watching import Watch, watching

CAMERAS = 20
#: Little to send and to decode, and a keyframe a second.
TINY = Clip(320, 180, 200, frames=200, fps=10, gop=10)
#: From the end of an owner to new frames at the others: a lease, two beats, connecting, a keyframe.
TAKEOVER = 7.0
#: From SIGTERM to new frames at the others.
HANDED_OVER = 2.5
#: What moves when an instance comes back, or Redis does: placed within beats, a tenth at a time.
SETTLED = 15.0
#: A picture that nobody disturbs comes at least so often, on a machine with much else to do.
STEADY = 2.5


class Site:
    """Three instances, their Sentinels and cameras, and everyone who reads."""

    def __init__(self, stack: ExitStack) -> None:
        self.sentinels = stack.enter_context(Sentinels())
        self.cameras = stack.enter_context(Cameras(TINY, cameras=CAMERAS))
        key = new_key()
        self.instances = [stack.enter_context(Instance(name, self.sentinels, key)) for name in ("one", "two", "three")]
        for number in range(CAMERAS):
            self.instances[number % 3].add(f"cam{number}", self.cameras.url(number))
        self.streams = [f"cam{number}" for number in range(CAMERAS)]
        self.settle()

    def settle(self) -> None:
        """Wait until each camera is open once and all instances have some."""

        def settled() -> bool:
            counts = [instance.has_open(self.cameras) for instance in self.instances]
            return sum(counts) == CAMERAS and min(counts) > 0

        eventually(settled, within=SETTLED)
        for instance in self.instances:
            eventually(lambda instance=instance: len(instance.streams()) == CAMERAS, within=3)

    def cameras_of(self, owner: Instance) -> list[str]:
        """The cameras that this instance has open, once another one knows them all."""
        other = next(each for each in self.instances if each is not owner)

        def known() -> list[str]:
            found = [stream["stream_id"] for stream in other.streams() if stream.get("owner") == owner.name]
            return found if len(found) == owner.has_open(self.cameras) else []

        return eventually(known, within=3)

    def never_twice(self) -> None:
        """The cameras never saw two clients at a time."""
        most = [self.cameras.connections(number).most for number in range(CAMERAS)]
        assert most == [1] * CAMERAS, most


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    with ExitStack() as stack:
        yield Site(stack)


@pytest.fixture
def site(running: Site) -> Iterator[Site]:
    """The site as it is when all is well; whatever a test does to it, no camera was opened twice."""
    yield running
    for instance in running.instances:
        if not instance.runs:
            instance.start()
    running.settle()
    running.never_twice()


@pytest.fixture
def watches(site: Site) -> Iterator[dict[str, list[Watch]]]:
    """Every camera is read at every instance."""
    with ExitStack() as stack:
        found = {each.name: stack.enter_context(watching(each, site.streams)) for each in site.instances}
        for each in (watch for there in found.values() for watch in there):
            eventually(lambda each=each: each.frames() > 0, within=10)
        yield found


def resumed(watches: list[Watch], since: float, within: float) -> list[float]:
    """After how long each of them got new frames; fails when one got none in time."""

    def all_resumed() -> list[float] | None:
        found = [watch.resumed(since) for watch in watches]
        late = [watch.stream_id for watch, after in zip(watches, found, strict=True) if after is None]
        assert not late, f"no new frames from {late}, ended: {[watch.ended for watch in watches if watch.ended]}"
        return [after for after in found if after is not None]

    found = eventually(all_resumed, within=within + 1)
    assert max(found) <= within, sorted(found)
    return found


def split(site: Site, owner: Instance, watches: dict[str, list[Watch]]) -> tuple[list[Watch], list[Watch]]:
    """Who reads the owner's cameras at the other instances, and who reads other cameras there."""
    its = site.cameras_of(owner)
    there = [watch for each in site.instances if each is not owner for watch in watches[each.name]]
    return [w for w in there if w.stream_id in its], [w for w in there if w.stream_id not in its]


def undisturbed(watches: list[Watch], since: float) -> None:
    gaps = {watch.stream_id: round(watch.longest_gap(since), 2) for watch in watches}
    assert max(gaps.values()) <= STEADY, gaps


def test_after_kill_9_the_others_read_on(site: Site, watches: dict[str, list[Watch]]) -> None:
    owner = site.instances[0]
    its, rest = split(site, owner, watches)
    owner.kill()
    killed = time.monotonic()
    after = resumed(its, killed, TAKEOVER)
    print(f"{len(its)} readers had new frames {min(after):.1f} to {max(after):.1f} s after kill -9")
    undisturbed(rest, killed)
    eventually(lambda: not owner.ffmpegs(), within=2)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a stopped process")
def test_an_instance_that_is_stopped_past_its_lease_is_gone_before_others_open_its_cameras(
    site: Site, watches: dict[str, list[Watch]]
) -> None:
    owner = site.instances[1]
    its, rest = split(site, owner, watches)
    owner.hold()
    stopped = time.monotonic()
    # It cannot close anything; the kernel does, by ending it.
    assert owner.wait(6) == -signal.SIGKILL
    gone = time.monotonic() - stopped
    open_now = [site.cameras.connections(number).open for number in range(CAMERAS)]
    assert max(open_now) <= 1, open_now
    after = resumed(its, stopped, TAKEOVER)
    print(f"it was gone {gone:.1f} s after SIGSTOP, and new frames came {max(after):.1f} s after it")
    undisturbed(rest, stopped)


def test_an_instance_that_is_stopped_for_less_than_its_lease_goes_on(
    site: Site, watches: dict[str, list[Watch]]
) -> None:
    owner = site.instances[2]
    before = {number: site.cameras.connections(number).ever for number in range(CAMERAS)}
    its, _ = split(site, owner, watches)
    owner.hold()
    stopped = time.monotonic()
    time.sleep(2.5)
    owner.go_on()
    resumed(its, stopped, 5)
    assert owner.poll() is None
    assert {number: site.cameras.connections(number).ever for number in range(CAMERAS)} == before


def test_sentinel_makes_another_redis_the_master(site: Site, watches: dict[str, list[Watch]]) -> None:
    before = site.sentinels.master()
    site.sentinels.kill_master()
    killed = time.monotonic()
    eventually(lambda: site.sentinels.master() != before, within=15)
    promoted = time.monotonic() - killed
    everyone = [watch for there in watches.values() for watch in there]

    def all_read() -> bool:
        return all(watch.next_after(time.monotonic() - 1) is not None for watch in everyone)

    # It took longer than a lease, so cameras were closed, and nobody gets one for a lease's time after.
    time.sleep(5)
    eventually(all_read, within=15)
    print(f"another master after {promoted:.1f} s, everybody reads again after {time.monotonic() - killed:.1f} s")
    assert not [watch.ended for watch in everyone if watch.ended]
    one = site.instances[0]
    answer = one.ask("PATCH", "/api/streams/cam0", {"name": "Seen by the new master"})
    assert answer.status == 200, answer.text
    eventually(lambda: site.instances[1].stream("cam0")["name"] == "Seen by the new master", within=2)


def test_a_drained_instance_hands_everything_over(site: Site, watches: dict[str, list[Watch]]) -> None:
    owner = site.instances[0]
    its, rest = split(site, owner, watches)
    owner.send_signal(signal.SIGTERM)
    told = time.monotonic()
    handed = owner.wait(10)
    took = time.monotonic() - told
    assert handed == 0
    gaps = [watch.longest_gap(told) for watch in its]
    print(f"it ended after {took:.1f} s; pictures stood still for up to {max(gaps):.1f} s")
    eventually(lambda: min(watch.next_after(told + took) or 0 for watch in its), within=2)
    assert max(gaps) <= HANDED_OVER, sorted(gaps)
    undisturbed(rest, told)

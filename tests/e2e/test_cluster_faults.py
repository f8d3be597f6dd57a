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
from rig.cluster import Cluster, Instance, Sentinels, new_key
from rig.waiting import eventually
from rig.watching import Watch, watching

CAMERAS = 20
#: Little to send and to decode, and a keyframe a second.
TINY = Clip(320, 180, 200, frames=200, fps=10, gop=10)
#: From the end of an owner to new frames at the others: a lease, two beats, connecting, a keyframe.
TAKEOVER = 7.0
#: From SIGTERM to new frames at the others.
HANDED_OVER = 2.5
#: A picture that nobody disturbs comes at least so often, on a machine with much else to do.
STEADY = 2.5


@pytest.fixture(scope="module")
def sentinels() -> Iterator[Sentinels]:
    with Sentinels() as sentinels:
        yield sentinels


@pytest.fixture(scope="module")
def running(sentinels: Sentinels) -> Iterator[Cluster]:
    key = new_key()
    instances = [Instance(name, sentinels, key) for name in ("one", "two", "three")]
    with Cameras(TINY, cameras=CAMERAS) as cameras, Cluster(cameras, instances) as cluster:
        yield cluster


@pytest.fixture
def cluster(running: Cluster) -> Iterator[Cluster]:
    """The cluster as it is when all is well; whatever a test does to it, no camera was opened twice."""
    yield running
    running.revive()
    running.never_twice()


@pytest.fixture
def watches(cluster: Cluster) -> Iterator[dict[str, list[Watch]]]:
    """Every camera is read at every instance."""
    with ExitStack() as stack:
        found = {each.name: stack.enter_context(watching(each, cluster.streams)) for each in cluster.instances}
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


def undisturbed(watches: list[Watch], since: float) -> None:
    gaps = {watch.stream_id: round(watch.longest_gap(since), 2) for watch in watches}
    assert max(gaps.values()) <= STEADY, gaps


def test_after_kill_9_the_others_read_on(cluster: Cluster, watches: dict[str, list[Watch]]) -> None:
    owner = cluster.instances[0]
    its, rest = cluster.split(owner, watches)
    owner.kill()
    killed = time.monotonic()
    after = resumed(its, killed, TAKEOVER)
    print(f"{len(its)} readers had new frames {min(after):.1f} to {max(after):.1f} s after kill -9")
    undisturbed(rest, killed)
    eventually(lambda: not owner.ffmpegs(), within=2)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a stopped process")
def test_an_instance_that_is_stopped_past_its_lease_is_gone_before_others_open_its_cameras(
    cluster: Cluster, watches: dict[str, list[Watch]]
) -> None:
    owner = cluster.instances[1]
    its, rest = cluster.split(owner, watches)
    owner.hold()
    stopped = time.monotonic()
    # It cannot close anything; the kernel does, by ending it.
    assert owner.wait(6) == -signal.SIGKILL
    gone = time.monotonic() - stopped
    open_now = [cluster.cameras.connections(number).open for number in range(CAMERAS)]
    assert max(open_now) <= 1, open_now
    after = resumed(its, stopped, TAKEOVER)
    print(f"it was gone {gone:.1f} s after SIGSTOP, and new frames came {max(after):.1f} s after it")
    undisturbed(rest, stopped)


def test_an_instance_that_is_stopped_for_less_than_its_lease_goes_on(
    cluster: Cluster, watches: dict[str, list[Watch]]
) -> None:
    owner = cluster.instances[2]
    before = {number: cluster.cameras.connections(number).ever for number in range(CAMERAS)}
    its, _ = cluster.split(owner, watches)
    owner.hold()
    stopped = time.monotonic()
    time.sleep(2.5)
    owner.go_on()
    resumed(its, stopped, 5)
    assert owner.poll() is None
    assert {number: cluster.cameras.connections(number).ever for number in range(CAMERAS)} == before


def test_sentinel_makes_another_redis_the_master(
    cluster: Cluster, sentinels: Sentinels, watches: dict[str, list[Watch]]
) -> None:
    before = sentinels.master()
    sentinels.kill_master()
    killed = time.monotonic()
    eventually(lambda: sentinels.master() != before, within=15)
    promoted = time.monotonic() - killed
    everyone = [watch for there in watches.values() for watch in there]

    def all_read() -> bool:
        return all(watch.next_after(time.monotonic() - 1) is not None for watch in everyone)

    # It took longer than a lease, so cameras were closed, and nobody gets one for a lease's time after.
    time.sleep(5)
    eventually(all_read, within=15)
    print(f"another master after {promoted:.1f} s, everybody reads again after {time.monotonic() - killed:.1f} s")
    assert not [watch.ended for watch in everyone if watch.ended]
    one = cluster.instances[0]
    answer = one.ask("PATCH", "/api/streams/cam0", {"name": "Seen by the new master"})
    assert answer.status == 200, answer.text
    eventually(lambda: cluster.instances[1].stream("cam0")["name"] == "Seen by the new master", within=2)


def test_a_drained_instance_hands_everything_over(cluster: Cluster, watches: dict[str, list[Watch]]) -> None:
    owner = cluster.instances[0]
    its, rest = cluster.split(owner, watches)
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

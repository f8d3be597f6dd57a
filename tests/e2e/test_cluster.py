"""Several instances share one camera list, and a camera is opened by one of them at a time."""

import signal
import time
from collections.abc import Callable, Iterator

import pytest

from rig.camera import Cameras
from rig.cluster import Instance, Redis, new_key
from rig.waiting import eventually

#: A new Redis gives no camera to anybody for a lease's time, and connecting takes a moment.
FIRST = 9.0
#: From kill -9 to the connection of the next owner: a lease, and what follows.
TAKEOVER = 7.0
#: A change at one instance is at the others.
SEEN = 1.0


@pytest.fixture
def redis() -> Iterator[Redis]:
    with Redis() as redis:
        yield redis


@pytest.fixture
def pair(redis: Redis) -> Iterator[tuple[Instance, Instance]]:
    key = new_key()
    with Instance("one", redis, key) as one, Instance("two", redis, key) as two:
        yield one, two


def opened_by(cameras: Cameras, *instances: Instance) -> Instance:
    """The instance that has the camera open; there is one connection, and it is that one's."""
    eventually(lambda: cameras.connections().open == 1, within=FIRST)
    owners = eventually(lambda: [each for each in instances if connected(each, cameras)], within=5)
    assert len(owners) == 1, [each.name for each in owners]
    return owners[0]


def connected(instance: Instance, cameras: Cameras) -> bool:
    return instance.has_open(cameras) > 0


def ids(instance: Instance) -> list[str]:
    return sorted(stream["stream_id"] for stream in instance.streams())


def healthy(instance: Instance) -> bool:
    return instance.ask("GET", "/health").json["status"] == "healthy"


def test_the_list_is_shared(pair: tuple[Instance, Instance], camera: Callable[..., Cameras]) -> None:
    one, two = pair
    cameras = camera()
    one.add("door", cameras.url())
    eventually(lambda: ids(two) == ["door"], within=SEEN)
    answer = two.ask("PATCH", "/api/streams/door", {"name": "Front door"})
    assert answer.status == 200, answer.text
    eventually(lambda: one.stream("door")["name"] == "Front door", within=SEEN)
    # The same id with another URL, at the other instance.
    other = two.ask("POST", "/api/streams", {"stream_id": "door", "rtsp_url": "rtsp://192.0.2.1/other"})
    other.problem(409, "stream_exists")
    assert two.ask("DELETE", "/api/streams/door/force").status == 200
    eventually(lambda: ids(one) == [], within=SEEN)


def test_two_changes_at_once_are_not_both_made(pair: tuple[Instance, Instance]) -> None:
    one, two = pair
    demo = {"stream_id": "door", "mode": "on_demand"}
    two.hold()
    try:
        answer = one.ask("POST", "/api/streams", demo | {"rtsp_url": "rtsp://192.0.2.1/a"})
        assert answer.status == 200, answer.text
    finally:
        two.go_on()
    answer = two.ask("POST", "/api/streams", demo | {"rtsp_url": "rtsp://192.0.2.1/b"})
    assert answer.status == 409, answer.text
    assert answer.json["code"] in ("changed_elsewhere", "stream_exists")
    eventually(lambda: ids(two) == ["door"], within=SEEN)


def test_nothing_in_redis_can_be_read(pair: tuple[Instance, Instance], redis: Redis) -> None:
    one, two = pair
    one.add("door", "rtsp://admin:canary-51d0@192.0.2.1/live", mode="on_demand")
    eventually(lambda: ids(two) == ["door"], within=SEEN)
    keys = redis.ask("KEYS", "*").splitlines()
    assert "{fanlight}:cameras" in keys, keys
    everything = "".join(redis.ask("HGETALL", key) + redis.ask("ZRANGE", key, "0", "-1") for key in keys)
    assert "door" in everything
    for secret in ("canary", "192.0.2.1", "rtsp:"):
        assert secret not in everything
    for instance in pair:
        assert "canary" not in instance.log()


def test_a_camera_is_opened_once_and_seen_everywhere(
    pair: tuple[Instance, Instance], camera: Callable[..., Cameras]
) -> None:
    one, two = pair
    cameras = camera()
    one.add("door", cameras.url())
    owner = opened_by(cameras, one, two)
    eventually(lambda: "door" in ids(two), within=SEEN)
    for instance in pair:
        picture = instance.ask("GET", "/api/streams/door/frame?format=jpeg")
        assert picture.status == 200, picture.text
    assert opened_by(cameras, one, two) is owner
    assert cameras.connections().most == 1


def test_after_kill_9_another_instance_opens_the_camera(
    pair: tuple[Instance, Instance], camera: Callable[..., Cameras]
) -> None:
    one, two = pair
    cameras = camera()
    one.add("door", cameras.url())
    owner = opened_by(cameras, one, two)
    other = two if owner is one else one
    eventually(lambda: "door" in ids(other), within=SEEN)
    owner.kill()
    killed = time.monotonic()
    eventually(lambda: connected(other, cameras), within=TAKEOVER)
    print(f"taken over {time.monotonic() - killed:.1f} s after kill -9")
    assert cameras.connections().most == 1


def test_an_instance_that_ends_hands_its_cameras_over(
    pair: tuple[Instance, Instance], camera: Callable[..., Cameras]
) -> None:
    one, two = pair
    cameras = camera()
    one.add("door", cameras.url())
    owner = opened_by(cameras, one, two)
    other = two if owner is one else one
    eventually(lambda: "door" in ids(other), within=SEEN)
    owner.send_signal(signal.SIGTERM)
    told = time.monotonic()
    eventually(lambda: connected(other, cameras), within=2.5)
    print(f"taken over {time.monotonic() - told:.1f} s after SIGTERM")
    assert owner.wait() == 0
    assert cameras.connections().most == 1


def test_without_redis_what_is_open_stays_so_for_its_lease_and_nothing_is_changed(
    pair: tuple[Instance, Instance], redis: Redis, camera: Callable[..., Cameras]
) -> None:
    one, two = pair
    cameras = camera()
    one.add("door", cameras.url())
    opened_by(cameras, one, two)
    eventually(lambda: ids(two) == ["door"], within=SEEN)
    redis.kill()
    killed = time.monotonic()
    for instance in pair:
        eventually(lambda instance=instance: not healthy(instance), within=3)
        ready = instance.ask("GET", "/readyz")
        assert "Redis" in ready.problem(503, "not_ready")
        refused = instance.ask("POST", "/api/streams", {"stream_id": "b", "rtsp_url": "rtsp://192.0.2.1/b"})
        refused.problem(503, "shared_state_unavailable")
        assert refused.headers["retry-after"].isdigit()
    eventually(lambda: cameras.connections().open == 0, within=5.5 - (time.monotonic() - killed))
    ever = cameras.connections().ever
    time.sleep(2)
    assert cameras.connections().ever == ever, "nobody opens a camera that it may not own"

    # It comes back empty: the instances know what was in it.
    redis.start()
    owner = opened_by(cameras, one, two)
    assert cameras.connections().most == 1
    for instance in pair:
        eventually(lambda instance=instance: healthy(instance), within=5)
        assert ids(instance) == ["door"]
    owner.add("gate", "rtsp://192.0.2.1/gate", mode="on_demand")
    for instance in pair:
        eventually(lambda instance=instance: ids(instance) == ["door", "gate"], within=SEEN)


def test_a_cluster_without_a_key_does_not_start(redis: Redis) -> None:
    instance = Instance("one", redis, "")
    instance.launch()
    try:
        assert instance.wait(10) == 1
        assert "openssl rand -base64 32" in instance.log()
    finally:
        instance.kill()

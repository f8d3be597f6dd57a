"""Two instances behind nginx and behind HAProxy, as the shipped configurations set them up."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPException
from itertools import cycle

import pytest
from websocket import WebSocketBadStatusException, create_connection

from rig.balancer import HOST, Balancer
from rig.camera import Cameras
from rig.cluster import Instance, Redis, new_key
from rig.http import send
from rig.plugin import SMALL
from rig.waiting import eventually

TOKEN = "open-sesame-open-sesame"
KINDS = ("nginx", "haproxy")
CAMERAS = ("door", "yard")
#: Further cameras that nobody opens: with so many, both instances are asked for some.
SPARE = tuple(f"spare-{n}" for n in range(16))
#: For how long an instance that ends goes on, in seconds: longer than HAProxy takes to notice.
DRAIN = 2
#: How long after its return an instance is sent requests again: nginx leaves it alone for 2 s, HAProxy
#: wants to see it twice.
BACK = 2.2
#: The longest that no request is answered after kill -9: HAProxy asks twice, nginx tries the next one.
GAP = 2.0
#: From SIGSTOP to the time when HAProxy sends everything elsewhere.
NOTICED = 4.0
#: From kill -9 to a picture by the next owner: a lease, and what follows.
TAKEOVER = 9.0


class Site:
    """Two instances of a cluster that have both cameras, and both balancers in front."""

    def __init__(self, instances: list[Instance], balancers: dict[str, Balancer]) -> None:
        self.instances = instances
        self.balancers = balancers

    def at(self, instance: Instance, method: str, path: str) -> object:
        answer = send(instance.port or 0, method, path, headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status == 200, answer.text
        return answer.json

    def ids(self, instance: Instance) -> list[str]:
        return sorted(stream["stream_id"] for stream in self.at(instance, "GET", "/api/streams")["streams"])

    def wait_until_asked(self) -> None:
        """Wait until both instances are sent requests again."""
        for instance in self.instances:
            eventually(lambda instance=instance: self.at(instance, "GET", "/readyz"), within=8)
        time.sleep(BACK)

    def readers(self, instance: Instance, camera: str) -> int:
        """How many read a camera at this instance, other instances left out."""
        found = self.at(instance, "GET", f"/api/streams/{camera}/consumers")["consumers"]
        return sum(1 for consumer in found if consumer["format"] == "mjpeg")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    token = tmp_path_factory.mktemp("secret") / "token"
    token.write_text(TOKEN)
    options = ["--token-file", str(token), "--allow-host", HOST, "--drain", str(DRAIN)]
    with ExitStack() as stack:
        cameras = stack.enter_context(Cameras(SMALL, cameras=len(CAMERAS)))
        redis, key = stack.enter_context(Redis()), new_key()
        instances = [stack.enter_context(Instance(name, redis, key, options)) for name in ("one", "two")]
        ports = [instance.port or 0 for instance in instances]
        balancers = {kind: stack.enter_context(Balancer(kind, ports, TOKEN)) for kind in KINDS}
        for number, camera in enumerate(CAMERAS):
            added = {"stream_id": camera, "rtsp_url": cameras.url(number)}
            assert balancers["nginx"].ask("POST", "/api/streams", added).status == 200
        for camera in SPARE:
            added = {"stream_id": camera, "rtsp_url": "rtsp://192.0.2.1/live", "mode": "on_demand"}
            assert balancers["haproxy"].ask("POST", "/api/streams", added).status == 200
        for balancer in balancers.values():
            eventually(lambda balancer=balancer: all(is_seen(balancer, camera) for camera in CAMERAS), within=15)
        yield Site(instances, balancers)


@pytest.fixture(params=KINDS)
def balancer(site: Site, request: pytest.FixtureRequest) -> Balancer:
    return site.balancers[request.param]


def is_seen(balancer: Balancer, camera: str) -> bool:
    """Whether there is a picture."""
    answer = balancer.ask("GET", f"/api/streams/{camera}/snapshot.jpg")
    return answer.status == 200 and answer.body.startswith(b"\xff\xd8")


class Watching:
    """A reader of the endless answer of pictures, one after the other."""

    def __init__(self, balancer: Balancer, camera: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", balancer.port, timeout=10)
        self._connection.request("GET", f"/api/streams/{camera}/mjpeg", headers=balancer.headers)
        self._answer = self._connection.getresponse()
        assert self._answer.status == 200, self._answer.read()

    def pictures(self, count: int) -> None:
        """Read so many."""
        found = 0
        while found < count:
            chunk = self._answer.read1(65536)
            assert chunk, "the answer ended"
            found += chunk.count(b"--frame\r\n")

    def close(self) -> None:
        self._connection.close()


class Asking:
    """Asks all the time, in a thread for each balancer, and keeps how long no request was answered."""

    def __init__(self, balancers: dict[str, Balancer]) -> None:
        self._over = threading.Event()
        #: What failed and the longest time between two answers, by balancer.
        self.failed: dict[str, list[str]] = {kind: [] for kind in balancers}
        self.gap: dict[str, float] = dict.fromkeys(balancers, 0.0)
        self.answered: dict[str, int] = dict.fromkeys(balancers, 0)
        self._threads = [threading.Thread(target=self._ask, args=(one,)) for one in balancers.values()]

    def __enter__(self) -> "Asking":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def failed_counts(self) -> dict[str, int]:
        return {kind: len(failed) for kind, failed in self.failed.items()}

    def _ask(self, balancer: Balancer) -> None:
        last = time.monotonic()
        for camera in cycle(SPARE):
            if self._over.is_set():
                break
            try:
                answer = balancer.ask("GET", f"/api/streams/{camera}", timeout=5)
                what = None if answer.status == 200 else f"{answer.status} {answer.body[:80]!r}"
            except (OSError, HTTPException) as error:
                what = repr(error)
            if what:
                self.failed[balancer.kind].append(what)
            else:
                now = time.monotonic()
                self.gap[balancer.kind] = max(self.gap[balancer.kind], now - last)
                self.answered[balancer.kind] += 1
                last = now
            self._over.wait(0.02)


# What passes through


def test_pictures_of_every_camera_come_in_every_form(balancer: Balancer) -> None:
    for camera in CAMERAS:
        assert is_seen(balancer, camera)
        watching = Watching(balancer, camera)
        watching.pictures(3)
        watching.close()
        socket = create_connection(
            f"ws://127.0.0.1:{balancer.port}/ws/{camera}?format=jpeg",
            host=HOST,
            header=[f"Authorization: Bearer {TOKEN}"],
            timeout=10,
        )
        assert len(socket.recv()) > 1000
        socket.close()


def test_who_has_no_token_is_refused_behind_it_too(balancer: Balancer) -> None:
    stranger = {"Host": HOST}
    balancer.ask("GET", "/api/streams", headers=stranger).problem(401, "token_required")
    with pytest.raises(WebSocketBadStatusException):
        create_connection(f"ws://127.0.0.1:{balancer.port}/ws/door", host=HOST, timeout=10)
    elsewhere = balancer.headers | {"Host": "rebound.example"}
    balancer.ask("GET", "/api/streams", headers=elsewhere).problem(403, "host_not_allowed")


def test_a_change_is_at_all_instances(site: Site, balancer: Balancer) -> None:
    camera = f"by-{balancer.kind}"
    added = {"stream_id": camera, "rtsp_url": "rtsp://192.0.2.1/live", "mode": "on_demand"}
    assert balancer.ask("POST", "/api/streams", added).status == 200
    for instance in site.instances:
        eventually(lambda instance=instance: camera in site.ids(instance), within=2)
    assert balancer.ask("PATCH", f"/api/streams/{camera}", {"name": "Gate"}).status == 200
    assert balancer.ask("DELETE", f"/api/streams/{camera}/force").status == 200
    for instance in site.instances:
        eventually(lambda instance=instance: camera not in site.ids(instance), within=2)


def test_a_body_beyond_the_limit_is_refused(balancer: Balancer) -> None:
    assert balancer.ask("POST", "/api/streams", b" " * (70 << 10)).status == 413


# Who goes where


def test_all_who_read_a_camera_meet_at_one_instance(site: Site, balancer: Balancer) -> None:
    for camera in CAMERAS:
        watching = [Watching(balancer, camera) for _ in range(4)]
        try:
            counts = sorted(site.readers(instance, camera) for instance in site.instances)
            assert counts == [0, 4]
        finally:
            for one in watching:
                one.close()
        eventually(lambda camera=camera: all(site.readers(each, camera) == 0 for each in site.instances))


def test_a_browser_stays_where_it_signed_in(site: Site, balancer: Balancer) -> None:
    page = {"Host": HOST, "Content-Type": "application/json"}
    signed_in = balancer.ask("POST", "/api/session", {"token": TOKEN}, page)
    assert signed_in.status in (200, 204), signed_in.text
    cookie = {"Host": HOST, "Cookie": signed_in.headers["set-cookie"].split(";")[0]}
    paths = ["/api/streams", *[f"/api/streams/{camera}" for camera in SPARE], "/api/info"]
    assert [balancer.ask("GET", path, headers=cookie).status for path in paths] == [200] * len(paths)


# When one goes


def test_an_instance_that_ends_is_not_noticed(site: Site) -> None:
    one, _ = site.instances
    with Asking(site.balancers) as asking:
        eventually(lambda: all(asking.answered.values()))
        one.send_signal(signal.SIGTERM)
        assert one.wait(DRAIN + 5) == 0
        ended = dict(asking.answered)
        eventually(lambda: all(asking.answered[kind] > ended[kind] + 10 for kind in KINDS))
    assert asking.failed == {kind: [] for kind in KINDS}
    for balancer in site.balancers.values():
        for camera in CAMERAS:
            eventually(lambda balancer=balancer, camera=camera: is_seen(balancer, camera))
    print(f"longest without an answer: {asking.gap}")
    one.start()
    # It knows the list again.
    eventually(lambda: site.ids(one) == sorted(CAMERAS + SPARE), within=5)


def test_an_instance_that_hangs_is_asked_no_more_by_haproxy(site: Site) -> None:
    one, _ = site.instances
    site.wait_until_asked()
    haproxy = site.balancers["haproxy"]
    one.hold()
    try:

        def answered() -> bool:
            """Every camera's request, so those that went to the one that hangs, too."""
            try:
                return all(haproxy.ask("GET", f"/api/streams/{camera}", timeout=0.5).status == 200 for camera in SPARE)
            except OSError:
                return False

        hung = time.monotonic()
        assert not answered()
        eventually(answered, within=NOTICED)
        print(f"answered {time.monotonic() - hung:.1f} s after SIGSTOP")
    finally:
        one.go_on()


def test_an_instance_that_is_killed_is_noticed_for_a_moment(site: Site) -> None:
    _, two = site.instances
    site.wait_until_asked()
    two.kill()
    killed = time.monotonic()
    with Asking(site.balancers) as asking:
        for balancer in site.balancers.values():
            for camera in CAMERAS:
                eventually(lambda balancer=balancer, camera=camera: is_seen(balancer, camera), within=TAKEOVER)
    print(f"pictures of all cameras {time.monotonic() - killed:.1f} s after kill -9")
    print(f"longest without an answer: {asking.gap}; failed: {asking.failed_counts()}")
    for kind, balancer in site.balancers.items():
        assert asking.answered[kind] > 20
        assert asking.gap[kind] < GAP
        watching = Watching(balancer, "yard")
        watching.pictures(3)
        watching.close()

"""An instance that is cut off from Redis and the other instances, while it reaches its cameras: three machines in
network namespaces, with a network for themselves and one for the cameras."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from rig.camera import Cameras, free_port
from rig.clip import Clip
from rig.cluster import Instance, Redis, new_key
from rig.house import House, NoHouse
from rig.http import Answer
from rig.waiting import eventually
from rig.watching import Watch

CAMERAS = 6
TINY = Clip(320, 180, 200, frames=200, fps=10, gop=10)
REDIS, YARD = "10.78.0.1", "10.79.0.9"
NAMES = ("one", "two", "three")
SHARED = {"hub": REDIS, "yard": "10.78.0.9"} | {name: f"10.78.0.{n}" for n, name in enumerate(NAMES, 11)}
FOR_CAMERAS = {"yard": YARD} | {name: f"10.79.0.{n}" for n, name in enumerate(NAMES, 11)}
TOKEN = "0123456789abcdef"
#: From the last beat that was answered to closing, and what a look at it takes.
CLOSED = 5.0
TAKEOVER = 7.0


class Machine(Instance):
    """An instance on a machine of its own."""

    def __init__(self, house: House, name: str, redis: Redis, key: str) -> None:
        self._house, port = house, free_port()
        where = ["--host", "0.0.0.0", "--advertise", f"http://{SHARED[name]}:{port}"]
        super().__init__(name, redis, key, where, env={"FANLIGHT_TOKEN": TOKEN}, port=port)

    def launch(self) -> None:
        with self._house.inside(self.name):
            super().launch()

    def ask(self, method: str, path: str, *arguments: Any, **more: Any) -> Answer:
        with self._house.inside(self.name):
            return super().ask(method, path, *arguments, headers={"Authorization": f"Bearer {TOKEN}"}, **more)

    def has_open(self, cameras: Cameras) -> int:
        with self._house.inside(self.name):
            return super().has_open(cameras)

    def watch(self, stream_id: str) -> Watch:
        with self._house.inside(self.name):
            return Watch(self, stream_id, token=TOKEN)

    def state_of_cluster(self) -> str:
        return str(self.ask("GET", "/health").json["status"])


def slash_24(hosts: dict[str, str]) -> dict[str, str]:
    return {name: f"{address}/24" for name, address in hosts.items()}


def owned_by(name: str, as_told_by: Instance, count: int) -> list[str]:
    """The streams of this instance, once another one knows them all."""
    found = [stream["stream_id"] for stream in as_told_by.streams() if stream.get("owner") == name]
    return found if len(found) == count else []


@pytest.fixture
def house() -> Iterator[House]:
    try:
        with House(slash_24(SHARED), slash_24(FOR_CAMERAS)) as house:
            yield house
    except NoHouse as why:
        pytest.skip(str(why))


def test_an_instance_that_is_cut_off_closes_its_cameras_before_others_open_them(house: House) -> None:
    with ExitStack() as stack:
        with house.inside("hub"):
            redis = stack.enter_context(Redis("--protected-mode", "no", address=REDIS))
        with house.inside("yard"):
            cameras = stack.enter_context(Cameras(TINY, cameras=CAMERAS, addresses=[YARD]))
        key = new_key()
        machines = [stack.enter_context(Machine(house, name, redis, key)) for name in NAMES]
        for number in range(CAMERAS):
            machines[0].add(f"cam{number}", cameras.url(number, address=YARD))

        def open_at() -> list[int]:
            return [machine.has_open(cameras) for machine in machines]

        eventually(lambda: sum(open_at()) == CAMERAS, within=15)
        cut = max(machines, key=lambda machine: machine.has_open(cameras))
        rest = [machine for machine in machines if machine is not cut]
        count = cut.has_open(cameras)
        its = eventually(lambda: owned_by(cut.name, as_told_by=rest[0], count=count), within=3)
        watches = [machine.watch(stream) for machine in rest for stream in its]
        stack.callback(lambda: [watch.close() for watch in watches])
        for watch in watches:
            eventually(lambda watch=watch: watch.frames() > 0, within=10)

        house.cut(cut.name)
        since = time.monotonic()
        eventually(lambda: cut.has_open(cameras) == 0, within=CLOSED)
        closed = time.monotonic() - since
        assert cut.state_of_cluster() == "degraded"
        eventually(lambda: all(watch.resumed(since) for watch in watches), within=TAKEOVER + 1)
        after = [watch.resumed(since) or 0.0 for watch in watches]
        print(f"closed {closed:.1f} s after the cut, new frames at the others up to {max(after):.1f} s after it")
        assert max(after) <= TAKEOVER, sorted(after)
        assert cut.has_open(cameras) == 0

        house.mend(cut.name)
        eventually(lambda: cut.state_of_cluster() == "healthy" and cut.has_open(cameras) > 0, within=15)
        eventually(lambda: sum(open_at()) == CAMERAS, within=5)
        most = [cameras.connections(number).most for number in range(CAMERAS)]
        assert most == [1] * CAMERAS, most

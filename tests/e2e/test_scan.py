"""Scanning the network, in a house of its own: cameras that announce themselves, one that must be knocked at, and one
that refers to the world outside."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from rig.camera import Cameras, Model
from rig.clip import Clip
from rig.house import House, NoHouse
from rig.http import Answer
from rig.onvif_camera import OnvifCamera, Profile
from rig.server import Server
from rig.waiting import eventually

DESK, DOOR, YARD, SHED, LIAR = (f"10.77.0.{n}" for n in range(1, 6))
HOSTS = {"desk": DESK, "door": DOOR, "yard": YARD, "shed": SHED, "liar": LIAR}
#: An address outside, which is no private one (RFC 5737).
OUTSIDE = "198.51.100.9"
#: Special characters: they travel percent-encoded in a URL, and raw in a digest.
CANARY = "c4nary%p@ss/w:rd"
MAIN, SMALL = Clip(640, 360, 600), Clip(320, 180, 600)


@dataclass
class Site:
    """What the tests share."""

    house: House
    server: Server
    rtsp: Cameras
    door: OnvifCamera
    yard: OnvifCamera
    liar: OnvifCamera

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        return self.server.ask(method, path, body)

    def scan(self, **how: Any) -> dict[str, Any]:
        """A new scan, which is running."""
        answer = self.ask("POST", "/api/scans", how)
        assert answer.status == 201, answer.text
        return answer.json

    def show(self, scan: dict[str, Any]) -> dict[str, Any]:
        answer = self.ask("GET", f"/api/scans/{scan['id']}")
        assert answer.status == 200, answer.text
        return answer.json

    def finished(self, scan: dict[str, Any]) -> dict[str, Any]:
        """The scan, once all was looked at and nobody is being asked."""

        def finished() -> dict[str, Any] | None:
            now = self.show(scan)
            asking = any(device["state"] == "asking" for device in now["found"])
            return now if now["state"] == "done" and not asking else None

        return eventually(finished, within=25, every=0.2)

    def sign_in(self, scan: dict[str, Any], password: str, *addresses: str) -> dict[str, dict[str, Any]]:
        body = {"addresses": list(addresses), "username": "admin", "password": password}
        answer = self.ask("POST", f"/api/scans/{scan['id']}/sign-in", body)
        assert answer.status == 200, answer.text
        return by_address(self.finished(scan))


def by_address(scan: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {device["address"]: device for device in scan["found"]}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with ExitStack() as stack:
        try:
            # 62 addresses: enough for a sweep, and quickly swept.
            house = stack.enter_context(House({host: f"{address}/26" for host, address in HOSTS.items()}))
        except NoHouse as why:
            pytest.skip(str(why))
        house.give_way_out("desk", "198.51.100.1/24")
        with house.inside("door"):
            models = [Model(MAIN, "cam0"), Model(SMALL, "cam1")]
            told = {"user": "admin", "password": CANARY, "addresses": (DOOR,)}
            rtsp = stack.enter_context(Cameras(models=models, **told))
            profiles = [
                Profile("Small", f"rtsp://{DOOR}:{rtsp.port}/cam1", 320, 180),
                Profile("Large", f"rtsp://{DOOR}:{rtsp.port}/cam0", 640, 360),
            ]
            door = stack.enter_context(OnvifCamera(DOOR, profiles, password=CANARY, name="Front door"))
        with house.inside("yard"):
            yard = OnvifCamera(YARD, profiles[:1], password=CANARY, auth="digest", name="Yard")
            stack.enter_context(yard)
        with house.inside("shed"):
            stack.enter_context(Cameras(SMALL, addresses=(SHED,), port=8554))
        with house.inside("liar"):
            liar = stack.enter_context(OnvifCamera(LIAR, [], name="Liar", told_address=f"{OUTSIDE}:80"))
        with house.inside("desk"), Server(env={"FANLIGHT_SCANS": "on"}) as server:
            yield Site(house, server, rtsp, door, yard, liar)


@pytest.fixture(autouse=True)
def at_the_desk(request: pytest.FixtureRequest) -> Iterator[None]:
    """The tests ask the server from its own host. No camera is left to the next test, and no scan runs."""
    if "site" not in request.fixturenames:
        yield
        return
    site = request.getfixturevalue("site")
    with site.house.inside("desk"):
        yield
        for scan in site.ask("GET", "/api/scans").json["scans"]:
            site.ask("DELETE", f"/api/scans/{scan['id']}")
        for stream in site.server.streams():
            site.ask("DELETE", f"/api/streams/{stream['stream_id']}/force")


def test_a_scan_finds_what_is_there_and_sends_nothing_outside(site: Site) -> None:
    scan = site.scan(sweep=True)
    assert (scan["state"], scan["networks"], scan["sweep"]) == ("running", ["10.77.0.0/26"], True)
    done = site.finished(scan)
    assert done["progress"] == {"done": 2 + 61, "total": 2 + 61}
    assert done["notes"] == []
    found = by_address(done)
    assert set(found) == {DOOR, YARD, SHED, LIAR}
    for address, name in ((DOOR, "Front door"), (YARD, "Yard")):
        device = found[address]
        assert (device["name"], device["model"], device["seen_by"]) == (name, "SIM-1", ["onvif"])
        assert (device["state"], device["error"], device["streams"]) == ("needs_sign_in", None, [])
    shed = found[SHED]
    assert (shed["state"], shed["seen_by"], shed["port"]) == ("found", ["sweep"], 8554)
    liar = found[LIAR]
    assert (liar["state"], liar["error"]["code"]) == ("failed", "address_elsewhere")
    assert OUTSIDE in liar["error"]["message"]
    assert site.liar.heard == []
    assert site.house.sent_out() == []


def test_without_a_sweep_nobody_is_knocked_at(site: Site) -> None:
    done = site.finished(site.scan())
    assert set(by_address(done)) == {DOOR, YARD, LIAR}
    assert done["progress"] == {"done": 2, "total": 2}


def test_a_sign_in_leads_to_cameras_that_are_online(site: Site) -> None:
    scan = site.scan()
    site.finished(scan)
    refused = site.sign_in(scan, "wrong", DOOR, YARD)
    for address in (DOOR, YARD):
        assert refused[address]["state"] == "needs_sign_in"
        assert refused[address]["error"]["code"] == "auth_failed"
    taken = site.sign_in(scan, CANARY, DOOR, YARD)
    door = taken[DOOR]
    assert (door["state"], door["error"]) == ("ready", None)
    assert (door["manufacturer"], door["model"]) == ("Simulated", "Front door 1")
    port = site.rtsp.port
    small = {"codec": "h264", "width": 320, "height": 180, "fps": 25.0}
    assert door["streams"] == [
        {"name": "Large", "rtsp_url": f"rtsp://{DOOR}:{port}/cam0", **small, "width": 640, "height": 360},
        {"name": "Small", "rtsp_url": f"rtsp://{DOOR}:{port}/cam1", **small},
    ]
    # A recorder names its cameras' own addresses.
    assert [s["rtsp_url"] for s in taken[YARD]["streams"]] == [f"rtsp://{DOOR}:{port}/cam1"]

    cameras = [
        {"address": DOOR, "stream_id": "door", "name": "Door", "main": 0, "sub": 1},
        {"address": DOOR, "stream_id": "none", "name": "None", "main": 7, "sub": None},
        {"address": LIAR, "stream_id": "liar", "name": "Liar", "main": 0, "sub": None},
        {"address": OUTSIDE, "stream_id": "out", "name": "Out", "main": 0, "sub": None},
    ]
    answer = site.ask("POST", f"/api/scans/{scan['id']}/add", {"cameras": cameras})
    assert answer.status == 200, answer.text
    assert answer.json["added"] == ["door"]
    refusals = [(refused["address"], refused["code"]) for refused in answer.json["refused"]]
    assert refusals == [(DOOR, "no_such_stream"), (LIAR, "device_not_ready"), (OUTSIDE, "device_not_found")]
    stream = site.server.wait_online("door")
    assert (stream["name"], stream["video"]["width"]) == ("Door", 640)
    assert site.ask("GET", "/api/streams/door/frame?width=320&height=180&wait=8000").status == 200
    eventually(lambda: site.server.stream("door")["substream"]["status"]["state"] == "online", within=8)
    assert by_address(site.show(scan))[DOOR]["stream_id"] == "door"

    told = "".join(site.ask("GET", path).text for path in ("/api/scans", "/api/streams", "/api/streams/door"))
    assert "c4nary" not in told + answer.text + site.server.log()
    assert not any(b"c4nary" in heard for heard in site.door.heard + site.yard.heard)
    assert site.house.sent_out() == []


def test_a_sign_in_that_is_given_at_the_start_is_tried(site: Site) -> None:
    found = by_address(site.finished(site.scan(username="admin", password=CANARY)))
    assert [found[address]["state"] for address in (DOOR, YARD)] == ["ready", "ready"]


def test_one_scan_at_a_time_and_it_is_cancelled_at_once(site: Site) -> None:
    scan = site.scan(sweep=True)
    site.ask("POST", "/api/scans", {}).problem(409, "scan_running")
    begun = time.monotonic()
    answer = site.ask("DELETE", f"/api/scans/{scan['id']}")
    assert (answer.status, answer.json["state"]) == (200, "cancelled")
    assert time.monotonic() - begun < 0.5
    at_the_end = site.show(scan)["progress"]
    assert at_the_end["done"] < at_the_end["total"]
    time.sleep(0.5)
    assert site.show(scan)["progress"] == at_the_end
    # Another one may begin, and the former is still told.
    site.scan()
    assert scan["id"] in [told["id"] for told in site.ask("GET", "/api/scans").json["scans"]]


def test_what_is_not_there_is_said(site: Site) -> None:
    site.ask("GET", "/api/scans/scan-99").problem(404, "scan_not_found")
    scan = site.scan()
    site.finished(scan)
    unknown = {"addresses": [OUTSIDE], "username": "admin", "password": CANARY}
    site.ask("POST", f"/api/scans/{scan['id']}/sign-in", unknown).problem(404, "device_not_found")
    name = {"addresses": ["camera.example"], "username": "admin", "password": CANARY}
    site.ask("POST", f"/api/scans/{scan['id']}/sign-in", name).problem(400, "invalid_request")
    assert site.house.sent_out() == []


def test_a_server_that_may_not_scan_says_so() -> None:
    with Server() as server:
        server.ask("POST", "/api/scans", {"sweep": True}).problem(403, "scans_off")
        assert server.ask("GET", "/api/scans").json == {"scans": []}

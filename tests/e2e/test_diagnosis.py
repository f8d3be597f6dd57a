"""What Fanlight says of itself: its load, and a file for whoever looks into a fault, in which nothing is secret."""

import io
import json
import time
import zipfile
from collections.abc import Callable
from urllib.parse import quote

import psutil
import pytest

from rig import processes, readers
from rig.camera import Cameras, free_port
from rig.http import send
from rig.readers import Reader, reading
from rig.server import Server
from rig.waiting import eventually

#: It measures, and what runs beside it would be measured too.
pytestmark = pytest.mark.alone

CANARY = 'c4nary%"p@ss\\word'
SPELLINGS = (CANARY, quote(CANARY, safe=""), json.dumps(CANARY)[1:-1], "c4nary")
TOKEN = "t0ken-canary-0123456789"


def diagnosis(server: Server, token: str | None = None) -> dict[str, str]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = send(server.port, "GET", "/api/diagnosis", headers=headers)
    assert answer.status == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.body)) as packed:
        assert packed.testzip() is None
        return {name: packed.read(name).decode() for name in packed.namelist()}


@pytest.mark.parametrize("level", ["debug", "info"])
def test_a_diagnosis_tells_everything_but_secrets(
    camera: Callable[..., Cameras], server: Callable[..., Server], level: str
) -> None:
    fanlight = server(env={"LOG_LEVEL": level, "FANLIGHT_TOKEN": TOKEN})
    headers = {"Authorization": f"Bearer {TOKEN}"}
    cameras, closed = camera(user="viewer", password=CANARY), free_port()
    urls = {
        "right": cameras.url(),
        "down": f"rtsp://viewer:{quote(CANARY, safe='')}@127.0.0.1:{closed}/cam0",
        "query": f"http://127.0.0.1:{closed}/video.cgi?pwd={quote(CANARY, safe='')}",
    }
    for stream_id, url in urls.items():
        body = {"stream_id": stream_id, "rtsp_url": url}
        assert send(fanlight.port, "POST", "/api/streams", body, headers=headers).status == 200
    frame = "/api/streams/right/frame?wait=10000"
    assert send(fanlight.port, "GET", frame, headers=headers).status == 200

    def failed() -> bool:
        streams = json.loads(diagnosis(fanlight, TOKEN)["streams.json"])["streams"]
        return all(s["status"]["error"] for s in streams if s["stream_id"] != "right")

    eventually(failed, within=15)
    told = diagnosis(fanlight, TOKEN)
    assert set(told) == {
        *("README.txt", "about.json", "settings.json", "checks.json", "load.json", "streams.json"),
        *("consumers.json", "events.json", "recordings.json", "log.txt"),
    }
    about = json.loads(told["about.json"])
    assert about["ffmpeg"]["version"]
    assert about["system"]["architecture"]
    assert json.loads(told["settings.json"])["token"] is True
    assert set(json.loads(told["consumers.json"])) == set(urls)
    assert any(event["stream_id"] == "down" for event in json.loads(told["events.json"])["events"])
    assert "online" in told["log.txt"], "the log's lines are in it"
    everything = "\n".join(told.values())
    assert f"rtsp://viewer:***@127.0.0.1:{cameras.port}/cam0" in everything
    assert not any(spelling in everything for spelling in (*SPELLINGS, TOKEN))
    assert send(fanlight.port, "GET", "/api/diagnosis").status == 401


def test_the_load_is_that_of_the_whole_process_tree(
    camera: Callable[..., Cameras], server: Callable[..., Server]
) -> None:
    fanlight = server()
    fanlight.add("cam", camera().url())
    script = Reader(readers.python_client, fanlight.url, "cam", (1280, 720), seconds=8.0)
    with reading(script):
        script.first_frame()
        fanlight.ask("GET", "/api/load")
        family = [psutil.Process(process.pid) for process in processes.family(fanlight.pid)]
        before, began = sum(sum(p.cpu_times()[:2]) for p in family), time.monotonic()
        time.sleep(3)
        load = fanlight.ask("GET", "/api/load").json
        used = (sum(sum(p.cpu_times()[:2]) for p in family) - before) / (time.monotonic() - began)
        assert load["processes"] == len(family) == 2, load
        assert load["cpu_cores"] == pytest.approx(used, abs=0.05 + 0.3 * used)
        assert load["memory_bytes"] == pytest.approx(sum(p.memory_info().rss for p in family), rel=0.2)
        assert (load["cameras"], load["online"]) == (1, 1)
        assert (load["consumers"], load["scripts"]) == (1, 1)
    assert load["cores"] == psutil.cpu_count()

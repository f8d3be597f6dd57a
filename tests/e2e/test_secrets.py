"""A camera's password is shown nowhere: no answer, no log line, no command line."""

import contextlib
import stat
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from websocket import WebSocketException, create_connection

from rig import processes
from rig.camera import Cameras, free_port
from rig.server import Server
from rig.waiting import eventually

#: Special characters too: they travel percent-encoded, and would be shown decoded.
CANARY = "c4nary%p@ss&word"
SPELLINGS = (CANARY, quote(CANARY, safe=""), "c4nary")


def found_on_command_lines() -> list[str]:
    """Every process of the machine, but the simulated camera and this test."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if any(spelling in line for spelling in SPELLINGS):
                found.append(line)
    return found


def found_in_environments(server: Server) -> list[str]:
    found = []
    for process in processes.family(server.pid):
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{process.pid}/environ").read_bytes().decode(errors="replace")
            if any(spelling in text for spelling in SPELLINGS):
                found.append(str(process))
    return found


def watched(server: Server, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert found_on_command_lines() == []
        assert found_in_environments(server) == []
        time.sleep(0.1)


@pytest.mark.parametrize("level", ["debug", "info"])
def test_a_password_is_shown_nowhere(camera: Callable[..., Cameras], server: Callable[..., Server], level: str) -> None:
    cameras, fanlight = camera(user="viewer", password=CANARY), server(env={"LOG_LEVEL": level})
    secret = quote(CANARY, safe="")
    closed = free_port()
    urls = {
        "right": cameras.url(),
        "wrong-path": cameras.url(path="nothing"),
        "wrong-user": f"rtsp://nobody:{secret}@127.0.0.1:{cameras.port}/cam0",
        "down": f"rtsp://viewer:{secret}@127.0.0.1:{closed}/cam0",
        "by-ffmpeg": f"rtsps://viewer:{secret}@127.0.0.1:{cameras.port}/cam0",
        "mjpeg": f"http://viewer:{secret}@127.0.0.1:{closed}/video.mjpg",
    }
    answers = []
    for stream_id, url in urls.items():
        answers.append(fanlight.ask("POST", "/api/streams", {"stream_id": stream_id, "rtsp_url": url}))
        assert answers[-1].status == 200, answers[-1].text
    answers.append(fanlight.ask("POST", "/api/streams/start-with-url", {"rtsp_url": urls["down"]}))
    # Refusals repeat what they refuse.
    for url in (
        urls["down"],
        f"ftp://viewer:{secret}@camera/x",
        f"rtsp://viewer:{secret}@",
        f"rtsp://viewer:{secret}@a b/x",
    ):
        answers.append(fanlight.ask("POST", "/api/streams", {"stream_id": "right", "rtsp_url": url}))
        assert answers[-1].status >= 400
    fanlight.wait_online("right")
    watched(fanlight, 3)
    eventually(lambda: all(s["status"]["error"] for s in fanlight.streams() if s["stream_id"] not in ("right",)), 12)

    for stream_id in urls:
        for path in ("", "/stats", "/frame?wait=200", "/consumers", "/snapshot.jpg"):
            answers.append(fanlight.ask("GET", f"/api/streams/{stream_id}{path}"))
        with contextlib.suppress(WebSocketException, OSError):
            reader = create_connection(f"ws://127.0.0.1:{fanlight.port}/ws/{stream_id}", timeout=1)
            reader.recv()
            reader.close()
    for path in ("/api/streams", "/metrics", "/api/info", "/"):
        answers.append(fanlight.ask("GET", path))
    answers.append(fanlight.ask("DELETE", "/api/streams/down"))

    for answer in answers:
        told = str(answer.headers) + answer.body.decode("latin-1")
        assert not any(spelling in told for spelling in SPELLINGS), told[:500]
    assert fanlight.stream("right")["rtsp_url"] == f"rtsp://viewer:***@127.0.0.1:{cameras.port}/cam0"
    log = fanlight.log()
    assert not any(spelling in log for spelling in SPELLINGS), [line for line in log.splitlines() if "c4nary" in line][
        :3
    ]


def test_the_camera_file_is_for_its_user_alone(camera: Callable[..., Cameras], server: Callable[..., Server]) -> None:
    fanlight = server()
    fanlight.add("cam", camera(user="viewer", password=CANARY).url())
    assert stat.S_IMODE(fanlight.cameras.stat().st_mode) == 0o600


def test_a_password_in_a_query_is_a_password_too(server: Callable[..., Server]) -> None:
    fanlight = server()
    url = f"http://127.0.0.1:{free_port()}/video.cgi?user=viewer&pwd={quote(CANARY, safe='')}&channel=1"
    answer = fanlight.ask("POST", "/api/streams", {"stream_id": "cam", "rtsp_url": url})
    assert answer.status == 200
    watched(fanlight, 2)
    told = answer.text + fanlight.ask("GET", "/api/streams").text + fanlight.log()
    assert not any(spelling in told for spelling in SPELLINGS)
    assert "channel=1" in fanlight.stream("cam")["rtsp_url"]

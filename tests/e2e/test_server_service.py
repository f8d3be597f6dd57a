"""A server as a service: its configuration is read again, its log is read by programs, systemd is told how it
goes and hands it its socket, and its end is announced."""

import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from websocket import create_connection

from rig import hand_over
from rig.camera import Cameras, free_port
from rig.http import Answer
from rig.server import ROOT, Server
from rig.service_manager import ServiceManager
from rig.waiting import eventually

TOKEN = "open-sesame-open-sesame"
OTHER_TOKEN = "sesame-open-sesame-open"
#: No level in the environment, which would go before the file.
BY_FILE: dict[str, str | None] = {"LOG_LEVEL": None}


class File:
    """A configuration file."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.write(text)

    def write(self, text: str) -> None:
        self.path.write_text(text)

    @property
    def options(self) -> list[str]:
        return ["--config", str(self.path)]


@pytest.fixture
def config(tmp_path: Path) -> File:
    return File(tmp_path / "fanlight.toml", 'log_level = "info"\n')


def reload(fanlight: Server, token: str | None = None) -> Answer:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return fanlight.ask("POST", "/api/reload", b"", headers)


def host(fanlight: Server, name: str) -> int:
    return fanlight.ask("GET", "/livez", headers={"Host": name}).status


# Reading the configuration again


def test_sighup_puts_a_changed_file_in_force(server: Callable[..., Server], config: File) -> None:
    fanlight = server(options=config.options, env=BY_FILE)
    assert host(fanlight, "cameras.example") == 403
    config.write('log_level = "debug"\nallow_host = ["cameras.example"]\n')
    fanlight.send_signal(signal.SIGHUP)
    eventually(lambda: host(fanlight, "cameras.example") == 200)
    eventually(lambda: "in force now: allow_host, log_level; after a restart: nothing" in fanlight.stderr())
    # The level, too: what ends a connection is told at debug.
    with socket.create_connection(("127.0.0.1", fanlight.port)) as raw:
        raw.sendall(b"no HTTP\r\n\r\n")
        raw.recv(1000)
    eventually(lambda: "DEBUG" in fanlight.stderr())


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("prot = 1", "prot"),
        ('log_level = "loud"', "log-level"),
        ("port 80", "line 1"),
        ('token_file = "/nowhere/token"', "token_file"),
        ('tls_cert = "/nowhere/cert.pem"', "tls_key"),
        ('recordings = "/proc/recordings"', "recordings"),
        ('host = "0.0.0.0"', "token"),
    ],
)
def test_a_bad_file_changes_nothing(server: Callable[..., Server], config: File, text: str, named: str) -> None:
    fanlight = server(options=config.options, env=BY_FILE)
    config.write(f'allow_host = ["cameras.example"]\n{text}\n' if "port 80" not in text else text)
    said = reload(fanlight).problem(422, "invalid_configuration")
    assert named in said
    assert named in fanlight.stderr()
    fanlight.send_signal(signal.SIGHUP)
    eventually(lambda: fanlight.stderr().count("the configuration stays as it was") == 2)
    assert host(fanlight, "cameras.example") == 403
    config.write('log_level = "info"\n')
    assert reload(fanlight).json == {"applied": [], "needs_restart": []}


def test_the_answer_names_what_is_in_force_and_what_needs_a_restart(
    server: Callable[..., Server], config: File, tmp_path: Path
) -> None:
    fanlight = server(options=config.options, env=BY_FILE)
    recordings = tmp_path / "recordings"
    wanted = ['log_level = "warn"', "max_consumers = 7", 'hwaccel = "off"', f'recordings = "{recordings}"']
    config.write("\n".join([*wanted, 'recordings_quota = "1GB"']))
    told = reload(fanlight).json
    assert told == {
        "applied": ["log_level", "recordings", "recordings_quota"],
        "needs_restart": ["hwaccel", "max_consumers"],
    }
    setup = fanlight.ask("GET", "/api/settings/recordings").json
    assert (setup["folder"], setup["quota_bytes"]) == (str(recordings), 10**9)
    # They wait for the restart as long as it takes.
    assert reload(fanlight).json == {"applied": [], "needs_restart": ["hwaccel", "max_consumers"]}
    # Nothing was written down that would outlive the configuration.
    config.write('log_level = "info"\n')
    fanlight.restart()
    assert fanlight.ask("GET", "/api/settings/recordings").json["folder"] == ""


def test_reloading_asks_for_the_token(server: Callable[..., Server]) -> None:
    fanlight = server(env={"FANLIGHT_TOKEN": TOKEN})
    reload(fanlight).problem(401, "token_required")
    assert reload(fanlight, TOKEN).status == 200
    foreign = {"Origin": "https://evil.example", "Authorization": f"Bearer {TOKEN}"}
    fanlight.ask("POST", "/api/reload", b"", foreign).problem(403, "origin_not_allowed")


def certificate(folder: Path, name: str) -> None:
    """A certificate for `name` and its key, in place of what was there."""
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([*made, "-subj", f"/CN={name}", *files], check=True, capture_output=True)


def test_without_a_file_the_token_and_the_certificate_are_read_again(
    server: Callable[..., Server], tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    certificate(tmp_path, "one.example")
    cert, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    fanlight = server(options=["--token-file", str(token), "--tls-cert", cert, "--tls-key", key])

    def status(with_token: str) -> int:
        curl = ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "-H", f"Authorization: Bearer {with_token}"]
        url = f"https://127.0.0.1:{fanlight.port}/api/info"
        return int(subprocess.run([*curl, url], check=False, capture_output=True, text=True).stdout)

    def shown() -> str:
        return ssl.get_server_certificate(("127.0.0.1", fanlight.port))

    assert (status(TOKEN), status(OTHER_TOKEN)) == (200, 401)
    former = shown()
    certificate(tmp_path, "two.example")
    token.write_text(OTHER_TOKEN)
    fanlight.send_signal(signal.SIGHUP)
    eventually(lambda: shown() != former)
    assert (status(TOKEN), status(OTHER_TOKEN)) == (401, 200)
    assert "in force now: tls_cert, token_file" in fanlight.stderr()
    # A key that does not fit is no reason to stop serving with the former.
    former = shown()
    (tmp_path / "key.pem").write_text("no key")
    fanlight.send_signal(signal.SIGHUP)
    eventually(lambda: "the configuration stays as it was" in fanlight.stderr())
    assert shown() == former
    assert TOKEN not in fanlight.log()
    assert OTHER_TOKEN not in fanlight.log()


# The log


def test_every_log_line_is_a_json_object(
    camera: Callable[..., Cameras], server: Callable[..., Server], tmp_path: Path
) -> None:
    cameras = camera(user="viewer", password="right-password")
    fanlight = server(options=["--log-format", "json"])
    fanlight.add("cam", cameras.url(password="c4nary-password"))
    eventually(lambda: fanlight.state("cam") == "auth_failed")
    fanlight.stop()
    lines = [json.loads(line) for line in fanlight.stderr().splitlines()]
    assert len(lines) > 3
    for line in lines:
        assert {"timestamp", "level", "target", "message"} <= set(line), line
    assert any("shutting down" in line["message"] for line in lines)
    assert "c4nary" not in fanlight.log()


def test_why_it_cannot_start_is_a_json_object_too(server: Callable[..., Server]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        fanlight = server(port=taken.getsockname()[1], env={"FANLIGHT_LOG_FORMAT": "json"}, start=False)
        fanlight.launch()
        assert fanlight.wait(within=10) == 1
    last = json.loads(fanlight.stderr().splitlines()[-1])
    assert last["level"] == "ERROR"
    assert "already in use" in last["message"]


# systemd


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[ServiceManager]:
    manager = ServiceManager(tmp_path)
    yield manager
    manager.close()


def test_systemd_is_told_how_it_goes(server: Callable[..., Server], manager: ServiceManager, config: File) -> None:
    env = BY_FILE | {"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": "1000000"}
    fanlight = server(options=config.options, env=env)
    manager.wait_for("READY=1")
    assert any(line.startswith(f"STATUS=Serving on {fanlight.url}: 0 of 0 cameras") for line in manager.said())
    manager.wait_for("WATCHDOG=1", count=5)
    beats = manager.times("WATCHDOG=1")
    assert max(later - earlier for earlier, later in pairwise(beats)) < 1
    # Reloads have a beginning, with its time, and an end, whatever comes of them.
    for number, text in ((2, "drain = 0"), (3, "drain = -1")):
        config.write(text)
        fanlight.send_signal(signal.SIGHUP)
        manager.wait_for("READY=1", count=number)
        assert any(line.startswith("MONOTONIC_USEC=") for line in manager.together("RELOADING=1"))
    assert any("the last reload failed" in line and "drain" in line for line in manager.together("READY=1"))
    fanlight.add("cam", "rtsp://127.0.0.1:9/stream")
    eventually(lambda: any("0 of 1 cameras online" in line for line in manager.said()), within=10)
    fanlight.stop()
    assert manager.said().count("STOPPING=1") == 1


def test_a_server_that_stands_still_says_nothing(server: Callable[..., Server], manager: ServiceManager) -> None:
    fanlight = server(env={"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": "500000"})
    manager.wait_for("WATCHDOG=1", count=2)
    fanlight.send_signal(signal.SIGSTOP)
    time.sleep(0.3)
    before = manager.said().count("WATCHDOG=1")
    time.sleep(1.2)
    assert manager.said().count("WATCHDOG=1") == before
    fanlight.send_signal(signal.SIGCONT)
    manager.wait_for("WATCHDOG=1", count=before + 1)


def activated(server: Callable[..., Server], listening: socket.socket, **more: Any) -> Server:
    """A server that is handed this socket."""
    fd = os.dup(listening.fileno())
    through = [sys.executable, hand_over.__file__, str(fd)]
    return server(through=through, pass_fds=[fd], **more)


def test_it_serves_on_the_socket_that_it_is_handed(server: Callable[..., Server]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        # Somebody comes before it is there.
        early = socket.create_connection(("127.0.0.1", port))
        fanlight = activated(server, listening, port=free_port())
        assert fanlight.port == port
        early.sendall(f"GET /livez HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode())
        assert early.recv(1000).startswith(b"HTTP/1.1 200")
        early.close()
        assert fanlight.ask("GET", "/api/streams").status == 200


def test_a_handed_socket_that_others_reach_needs_a_token_too(server: Callable[..., Server]) -> None:
    with socket.create_server(("0.0.0.0", 0)) as listening:
        fanlight = activated(server, listening, start=False)
        fanlight.launch()
        assert fanlight.wait(10) != 0
        assert "--token-file" in fanlight.log()


def test_a_handed_socket_of_another_kind_is_told(server: Callable[..., Server], tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(tmp_path / "socket"))
        fanlight = activated(server, listening, start=False)
        fanlight.launch()
        assert fanlight.wait(10) != 0
        assert "ListenStream=" in fanlight.log()


# The end


def test_the_end_is_announced_while_readers_read_on(
    camera: Callable[..., Cameras], server: Callable[..., Server], manager: ServiceManager
) -> None:
    cameras = camera()
    fanlight = server(options=["--drain", "4"], env={"NOTIFY_SOCKET": str(manager.path)})
    fanlight.add("cam", cameras.url())
    fanlight.wait_online("cam")
    assert fanlight.ask("GET", "/readyz").status == 200
    reader = create_connection(f"ws://127.0.0.1:{fanlight.port}/ws/cam?format=jpeg", timeout=10)
    came: list[float] = []

    def read() -> None:
        try:
            while reader.recv():
                came.append(time.monotonic())
        except Exception:
            return

    reading = threading.Thread(target=read)
    reading.start()
    eventually(lambda: came)
    told = time.monotonic()
    fanlight.send_signal(signal.SIGTERM)

    def draining() -> str:
        return fanlight.ask("GET", "/readyz").problem(503, "draining")

    assert "draining" in eventually(draining, within=2)
    assert fanlight.ask("GET", "/livez").status == 200
    # Whoever was sent here before the balancer noticed is served, too.
    assert fanlight.ask("GET", "/api/streams/cam/frame?format=jpeg").status == 200
    reload(fanlight).problem(503, "draining")
    assert "STOPPING=1" in manager.said()
    assert "EXTEND_TIMEOUT_USEC=14000000" in manager.together("STOPPING=1")
    assert fanlight.wait(within=12) == 0
    ended = time.monotonic()
    reading.join(5)
    assert ended - told > 3.9
    assert came[-1] - told > 3, "the reader got pictures until the end"


def test_a_second_signal_ends_the_wait_and_recordings_are_finished(
    camera: Callable[..., Cameras], server: Callable[..., Server], tmp_path: Path
) -> None:
    cameras = camera()
    fanlight = server(options=["--drain", "60", "--recordings", str(tmp_path)])
    fanlight.add("cam", cameras.url())
    fanlight.wait_online("cam")
    assert fanlight.ask("POST", "/api/streams/cam/recording", {}).status == 200
    eventually(lambda: list(tmp_path.rglob("*.part*")))
    time.sleep(1.5)
    fanlight.send_signal(signal.SIGTERM)
    eventually(lambda: fanlight.ask("GET", "/readyz").status == 503)
    # It still records.
    assert list(tmp_path.rglob("*.part*"))
    fanlight.send_signal(signal.SIGHUP)
    assert fanlight.stop(signal.SIGTERM) == 0
    assert not list(tmp_path.rglob("*.part*"))
    assert list(tmp_path.rglob("*.mp4"))


# The unit

UNITS = ROOT / "deploy" / "systemd"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze on this system")
def test_the_unit_gives_the_service_few_rights() -> None:
    analyze = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNITS / "fanlight-server.service")]
    said = subprocess.run(analyze, capture_output=True, text=True, check=False)
    level = re.search(r"exposure level for \S+: (\d+\.\d)", said.stdout)
    assert level, said.stdout + said.stderr
    assert float(level[1]) < 3, said.stdout


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze on this system")
def test_systemd_understands_every_line_of_the_units() -> None:
    units = [str(UNITS / f"fanlight-server.{kind}") for kind in ("service", "socket")]
    said = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False).stderr
    # Where the package is not installed, its program and its manual are not there; nothing else is wrong.
    expected = ("is not executable", "Command 'man fanlight-server(8)' failed")
    wrong = [line for line in said.splitlines() if "fanlight" in line and not any(part in line for part in expected)]
    assert wrong == []

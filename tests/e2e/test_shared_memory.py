"""Frames that are looked at where the server has them: truthful, fresh, and nobody's burden."""

import os
import random
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from fanlight import RTSPStreamClient, _packets, read_synchronised
from fanlight._protocol import Request
from fanlight._shared import Shared, open_socket, receive

from rig import code_blocks
from rig.server import Server
from rig.site import Site
from rig.waiting import eventually

#: It measures, and what runs beside it would be measured too.
pytestmark = pytest.mark.alone

#: How long a first frame may take on a busy machine.
SOON = 10.0


@pytest.fixture
def client(site: Site) -> Iterator[RTSPStreamClient]:
    site.add("door", width=640, height=360)
    with RTSPStreamClient(site.server.url, "door") as client:
        yield client


def view(client: RTSPStreamClient) -> Any:
    frame = client.get_frame(SOON, view=True)
    assert frame is not None, client.last_error
    return frame


def socket_of(server: Server) -> Path:
    return Path(server.ask("GET", "/api/info").json["shared_memory"]["socket"])


# What is read


def test_frames_come_through_shared_memory_by_themselves(site: Site, client: RTSPStreamClient) -> None:
    frame = client.get_frame(SOON)
    assert frame is not None
    assert frame.flags.writeable
    assert frame.flags.owndata
    assert code_blocks.decode(frame) is not None
    (reader,) = site.server.ask("GET", "/api/streams/door/consumers").json["consumers"]
    assert (reader["kind"], reader["pid"], reader["format"]) == ("shared_memory", os.getpid(), "bgr24")


def test_a_view_shows_what_http_sends(site: Site, client: RTSPStreamClient) -> None:
    frame = view(client)
    path = f"/api/streams/door/frame?after={frame.sequence - 1}&format=bgr24"
    for _ in range(50):
        answer = site.server.ask("GET", path)
        if int(answer.headers["x-frame-sequence"]) == frame.sequence:
            break
        frame = view(client)
        path = f"/api/streams/door/frame?after={frame.sequence - 1}&format=bgr24"
    sent = np.frombuffer(answer.body, np.uint8).reshape(360, 640, 3)
    assert int(answer.headers["x-frame-sequence"]) == frame.sequence
    assert np.array_equal(frame, sent)
    assert int(answer.headers["x-frame-timestamp"]) == frame.header.captured_ns
    assert answer.headers["x-frame-clock"] == frame.clock


def test_a_view_cannot_be_written_and_a_copy_of_it_can(client: RTSPStreamClient) -> None:
    frame = view(client)
    with pytest.raises(ValueError, match="read-only"):
        frame[0, 0] = 1
    with pytest.raises(ValueError, match="WRITEABLE"):
        frame.flags.writeable = True
    copy = frame.copy()
    copy[0, 0] = 1
    assert copy.sequence == frame.sequence


def test_a_view_stays_as_it_is_until_the_last_part_of_it_is_gone(site: Site, client: RTSPStreamClient) -> None:
    crop = view(client)[100:200, 50:300]
    before = crop.copy()
    for _ in range(60):
        view(client)
    assert np.array_equal(crop, before)
    assert memory(client).views == 1
    del crop
    assert memory(client).views == 0


def memory(client: RTSPStreamClient) -> Any:
    return client._frames._shared._memory  # type: ignore[union-attr]


def test_other_layouts_and_own_arrays(client: RTSPStreamClient) -> None:
    mine = np.empty((360, 640, 3), np.uint8)
    frame = client.get_frame(SOON, into=mine, view=True)
    assert frame is not None
    assert np.shares_memory(frame, mine)
    client.pixels = "gray"
    grey = client.get_frame(SOON)
    assert grey is not None
    assert grey.shape == (360, 640)
    assert grey.flags.writeable
    assert memory(client).views == 0, "it was converted, not kept"


def test_whoever_keeps_many_views_gets_copies_and_goes_on(client: RTSPStreamClient) -> None:
    held = [view(client) for _ in range(12)]
    assert [frame.flags.writeable for frame in held] == [False] * 8 + [True] * 4
    before = [frame.copy() for frame in held]
    time.sleep(0.5)
    assert all(np.array_equal(now, then) for now, then in zip(held, before, strict=True))
    held.clear()
    assert not view(client).flags.writeable


def test_a_client_that_hoards_pictures_is_refused_more(site: Site) -> None:
    site.add("door", width=640, height=360)
    info = site.server.ask("GET", "/api/info").json["shared_memory"]
    with open_socket() as raw:
        raw.settimeout(SOON)
        raw.connect(info["socket"])
        raw.send(_packets.hello("hoarder"))
        assert receive(raw)[0] == _packets.Welcome(1, info["epoch"])
        leases = []
        for number in range(40):
            raw.send(_packets.ask(number, Request("GET", "/api/streams/door/frame")))
            told, descriptors = receive(raw)
            for descriptor in descriptors:
                os.close(descriptor)
            if isinstance(told, _packets.Answer):
                break
            leases.append(told.lease)
        assert isinstance(told, _packets.Answer)
        assert told.status == 429, told
        assert b"quota_exceeded" in told.body
        assert len(leases) == 16
        raw.send(_packets.release(leases[0]))
        raw.send(_packets.ask(99, Request("GET", "/api/streams/door/frame")))
        assert isinstance(receive(raw)[0], _packets.Picture)


@pytest.mark.parametrize(
    "packet",
    [b"", b"GET / HTTP/1.1", b"\x01\x02" + bytes(6), b"\x02\x01" + bytes(6) + b"/health", bytes(70_000)],
    ids=["nothing", "http", "another version", "no hello", "too long"],
)
def test_who_does_not_speak_the_protocol_is_hung_up_on(site: Site, packet: bytes) -> None:
    with open_socket() as raw:
        raw.settimeout(SOON)
        raw.connect(str(socket_of(site.server)))
        raw.send(packet)
        with pytest.raises(ConnectionError):
            receive(raw)


def test_several_cameras_in_step(site: Site) -> None:
    for number in (0, 1):
        site.add(f"cam{number}", number, width=320, height=180)
    clients = [RTSPStreamClient(site.server.url, f"cam{number}") for number in (0, 1)]
    together = read_synchronised(clients, tolerance=0.2, timeout=SOON)
    assert together is not None
    assert len(together) == 2
    assert all(client._frames.is_shared for client in clients)
    for client in clients:
        client.close()


def test_a_long_answer_comes_too(site: Site, client: RTSPStreamClient, tmp_path: Path) -> None:
    client.size = (1280, 720)
    picture = client.snapshot(tmp_path / "door.png", timeout=SOON)
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 64 << 10
    assert client._frames.is_shared
    assert client.stop_stream(), "this reader is the only one"


# Who may


def test_the_socket_is_the_users_own(site: Site) -> None:
    path = socket_of(site.server)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    # Whoever gets past the file's mode is still not let in.
    if os.getuid() == 0:
        for folder in (path, path.parent, path.parent.parent, path.parent.parent.parent):
            folder.chmod(0o777)
        code = f"""
import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.settimeout(5); s.connect({str(path)!r})
try: s.send({_packets.hello("stranger")!r})
except OSError: pass
try: print("got", s.recv(100))
except OSError: print("got", b"")
"""
        told = subprocess.run(
            ["/usr/bin/python3", "-c", code], user=65534, group=65534, capture_output=True, text=True, timeout=20
        )
        assert told.stdout == "got b''\n", told.stderr


def test_another_servers_socket_is_not_used(site: Site, client: RTSPStreamClient) -> None:
    """As when the server is reached through a tunnel, and one of its own is here."""
    told = site.server.ask("GET", "/api/info").json["shared_memory"]
    client._frames._shared = Shared(told["socket"], told["epoch"] + 1, "test")
    client._frames._is_chosen = True
    assert client.get_frame(SOON) is not None
    assert not client._frames.is_shared


def test_it_can_be_switched_off(site: Site, client: RTSPStreamClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANLIGHT_SHARED_MEMORY", "0")
    with RTSPStreamClient(site.server.url, "door") as other:
        frame = other.get_frame(SOON, view=True)
        assert frame is not None
        assert frame.flags.writeable
        assert not other._frames.is_shared


# Ends


def test_a_view_outlives_its_client_and_its_server(site: Site) -> None:
    with Server() as server:
        server.add("door", site.cameras.url(), width=640, height=360)
        with RTSPStreamClient(server.url, "door") as client:
            frame = view(client)
            before = frame.copy()
        server.kill()
        assert np.array_equal(frame, before)
        left = list((server.home / "runtime" / "fanlight").glob("frames-*.sock"))
        assert left, "a killed server cannot tidy up"
        server.start()
        assert not [path for path in left if path.exists()], "the next one does"
        with RTSPStreamClient(server.url, "door") as client:
            assert view(client).sequence >= 1
            frame = view(client)
            server.kill()
            assert client.get_frame(0.3) is None
            server.start()
            assert not view(client).flags.writeable, "it finds the new server's memory"
        assert server.stop() == 0
        assert not list((server.home / "runtime" / "fanlight").glob("frames-*.sock"))


READER = """
import sys
from fanlight import RTSPStreamClient
held = []
with RTSPStreamClient(sys.argv[1], "door") as client:
    for frame in client.frames(view=True):
        held = [*held[-5:], (frame, int(frame.sum()))]
        for kept, told in held:
            if int(kept.sum()) != told:
                print("torn", flush=True)
        print(frame.sequence, flush=True)
"""


def test_readers_killed_at_random_tear_nothing_and_leave_nothing(site: Site, client: RTSPStreamClient) -> None:
    """FANLIGHT_SOAK, in seconds, has it go on for longer, with sixteen readers; give pytest a longer --timeout, too."""
    soak = float(os.environ.get("FANLIGHT_SOAK", "0"))
    site.server.ask("PATCH", "/api/streams/door", {"width": 320, "height": 180})
    client.size = (320, 180)
    server = psutil.Process(site.server.pid)
    assert client.get_frame(SOON) is not None
    descriptors = server.num_fds()

    def reader() -> subprocess.Popen[str]:
        return subprocess.Popen([sys.executable, "-c", READER, site.server.url], stdout=subprocess.PIPE, text=True)

    chance = random.Random(7)
    running, told = [reader() for _ in range(16 if soak else 4)], []
    end = time.monotonic() + max(soak, 5.0)
    while time.monotonic() < end:
        time.sleep(0.4 + 0.4 * chance.random())
        victim = running.pop(chance.randrange(len(running)))
        victim.send_signal(chance.choice([signal.SIGKILL, signal.SIGTERM]))
        told.append(victim.communicate(timeout=10)[0])
        running.append(reader())
        frame = view(client)
        assert code_blocks.decode(frame) is not None
    for victim in running:
        victim.kill()
        told.append(victim.communicate(timeout=10)[0])
    frames = sum(len(lines.splitlines()) for lines in told)
    assert frames > 40, told
    print(f"{frames} frames read by {len(told)} readers, all of them killed")
    assert not [lines for lines in told if "torn" in lines]

    def readers() -> int:
        return len(site.server.ask("GET", "/api/streams/door/consumers").json["consumers"])

    eventually(lambda: readers() == 1)
    eventually(lambda: server.num_fds() <= descriptors + 1)


def run(code: str, server: Server) -> str:
    told = subprocess.run([sys.executable, "-c", code, server.url], capture_output=True, text=True, timeout=60)
    assert (told.returncode, told.stderr) == (0, ""), told.stderr
    return told.stdout


def test_the_interpreter_ends_with_views_in_hand(site: Site, client: RTSPStreamClient) -> None:
    assert client.get_frame(SOON) is not None
    code = """
import sys
from fanlight import RTSPStreamClient
client = RTSPStreamClient(sys.argv[1], "door")
frames = [client.get_frame(10, view=True) for _ in range(3)]
cycle = [frames]; cycle.append(cycle)
print(len(frames))
"""
    assert run(code, site.server) == "3\n"


def test_a_child_process_reads_on_its_own(site: Site, client: RTSPStreamClient) -> None:
    assert client.get_frame(SOON) is not None
    code = """
import os, sys
from fanlight import RTSPStreamClient
client = RTSPStreamClient(sys.argv[1], "door")
held = client.get_frame(10, view=True)
pid = os.fork()
if pid == 0:
    del held
    frames = [client.get_frame(10, view=True) for _ in range(3)]
    os._exit(0 if all(frame is not None for frame in frames) and client._frames.is_shared else 1)
before = held.copy()
frames = [client.get_frame(10, view=True) for _ in range(3)]
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(code, all(frame is not None for frame in frames), (held == before).all())
"""
    assert run(code, site.server) == "0 True True\n"


def test_views_end_in_any_thread(site: Site, client: RTSPStreamClient) -> None:
    assert client.get_frame(SOON) is not None
    code = """
import queue, sys, threading
from fanlight import RTSPStreamClient
frames = queue.Queue(2)
def work():
    while (frame := frames.get()) is not None:
        frame.sum()
threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads: thread.start()
with RTSPStreamClient(sys.argv[1], "door") as client:
    for number, frame in enumerate(client.frames(view=True)):
        frames.put(frame)
        if number == 40: break
for thread in threads: frames.put(None)
for thread in threads: thread.join()
del frame
print(client._frames._shared._memory)
"""
    assert run(code, site.server) == "None\n"


def test_no_file_is_left_in_shared_memory(site: Site, client: RTSPStreamClient) -> None:
    assert client.get_frame(SOON, view=True) is not None
    assert not [name for name in os.listdir("/dev/shm") if "fanlight" in name]

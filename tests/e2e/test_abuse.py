"""Clients that take and give nothing back: the server's memory stays bounded, answers are right, and good readers
do not notice."""

import contextlib
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psutil
import pytest

from rig import processes, readers
from rig.camera import Cameras
from rig.plugin import SMALL
from rig.readers import Reader, reading
from rig.server import Server
from rig.site import Site
from rig.waiting import eventually

#: It measures, and what runs beside it would be measured too.
pytestmark = pytest.mark.alone

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
#: As the server says: who takes longer for its headers is cut off.
HEADER_TIMEOUT = 10.0
STOPPED, IDLE, TRICKLING = 100, 1000, 150
#: Consumers that the server has room for. It takes 1024 connections beside theirs, fewer than come here.
CONSUMERS = 110
#: A picture of the stream, in MB.
PICTURE = 640 * 360 * 3 / 1e6


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    options = [f"--max-consumers={CONSUMERS}", f"--max-consumers-per-camera={CONSUMERS}"]
    with Cameras(SMALL) as cameras, Server(options=options) as server:
        Site(cameras, server).add("cam", width=640, height=360)
        yield server


@contextmanager
def many_files(number: int) -> Iterator[None]:
    """Lets this process have so many files open."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert before[1] == resource.RLIM_INFINITY or before[1] >= number, f"this test needs {number} files (ulimit -Hn)"
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(number, before[0]), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def connect(server: Server, *, buffer: int | None = None) -> socket.socket:
    client = socket.socket()
    if buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    client.settimeout(10)
    client.connect(("127.0.0.1", server.port))
    return client


def upgrade(server: Server, path: str = "/ws/cam", **changed: str | None) -> bytes:
    """An upgrade request; a header that is changed to None is left out."""
    headers: dict[str, str | None] = {
        "Host": f"127.0.0.1:{server.port}",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
    } | {name.replace("_", "-"): value for name, value in changed.items()}
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode()


def receive(client: socket.socket, end: bytes = b"") -> bytes:
    """Everything until the other side closes, or until it has sent `end`."""
    read = b""
    with contextlib.suppress(ConnectionResetError):
        while not end or end not in read:
            part = client.recv(1 << 16)
            if not part:
                break
            read += part
    return read


def is_closed(client: socket.socket) -> bool:
    """The other side has closed; what it sent before is thrown away."""
    client.setblocking(False)
    try:
        while client.recv(1 << 16):
            pass
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def memory(server: Server) -> float:
    """The server's own, without its decoders, in MB."""
    return processes.memory([psutil.Process(server.pid)])


def connections(server: Server) -> int:
    """Those that the server has open."""
    return sum(one.status == psutil.CONN_ESTABLISHED for one in psutil.Process(server.pid).net_connections("tcp"))


def test_a_crowd_that_takes_and_gives_nothing(server: Server) -> None:
    assert STOPPED + IDLE + TRICKLING > CONSUMERS + 1024, "they must not all find room"
    good = Reader(readers.websocket, server.url, "cam", (640, 360), seconds=60)
    with many_files(IDLE + TRICKLING + STOPPED + 200), ExitStack() as crowd, reading(good):
        good.first_frame()
        before = memory(server)

        stopped = [crowd.enter_context(connect(server, buffer=4096)) for _ in range(STOPPED)]
        for client in stopped:
            client.sendall(upgrade(server))
        eventually(lambda: server.stream("cam")["client_count"] == STOPPED + 1, within=10)
        trickling = [crowd.enter_context(connect(server)) for _ in range(TRICKLING)]
        for client in trickling:
            client.sendall(f"GET /livez HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nX-Slow: ".encode())
        idle = [crowd.enter_context(connect(server)) for _ in range(IDLE)]
        begun = time.monotonic()

        # All places are taken, and whoever has something to ask gets an answer all the same.
        slowest = 0.0
        while time.monotonic() - begun < HEADER_TIMEOUT:
            asked = time.monotonic()
            assert server.ask("GET", "/api/streams/cam").json["status"]["state"] == "online"
            server.ask("POST", "/api/streams", b" " * (64 * 1024 + 1)).problem(413, "body_too_large")
            server.ask("GET", "/api/streams/cam/frame?fps=NaN").problem(400, "invalid_request")
            slowest = max(slowest, time.monotonic() - asked)
            for client in trickling:
                with contextlib.suppress(OSError):
                    client.send(b"x")
            time.sleep(0.3)
        assert slowest < HEADER_TIMEOUT / 2, "nobody waited for the crowd to time out"
        # Who never came to the point was cut off, in time.
        eventually(lambda: all(is_closed(client) for client in trickling + idle), within=5)

        # Each of the stopped keeps one picture, not a queue; the rest is what connections cost.
        grown = memory(server) - before
        assert grown < STOPPED * PICTURE + 40, f"{grown:.0f} MB more than before"
        good.stop()
        seen = good.result()
    assert seen.seconds > HEADER_TIMEOUT
    assert seen.best_fps(5) >= 24
    assert seen.fps > 20
    eventually(lambda: server.stream("cam")["client_count"] == 0)
    # The demand is over, and so is what it took: the rest is what the allocator keeps for the next time.
    eventually(lambda: memory(server) < before + 60)


@pytest.mark.parametrize("how", ["websocket", "pull"])
def test_who_stops_in_the_middle_of_a_large_picture_holds_it_only_for_so_long(server: Server, how: str) -> None:
    """Clients that stop in the middle of different pictures hold all of these, up to a bound."""
    size, large, bound = "width=1920&height=1080", 1920 * 1080 * 3, 256 << 20
    most = bound // large
    stopped = most + 20
    request = (
        upgrade(server, f"/ws/cam?{size}")
        if how == "websocket"
        else f"GET /api/streams/cam/frame?{size} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()
    )

    def pull() -> int:
        """A good client asks for such a picture, and how many clients there are."""
        answer = server.ask("GET", f"/api/streams/cam/frame?{size}")
        assert (answer.status, len(answer.body)) == (200, large)
        return connections(server)

    with ExitStack() as crowd:
        before, memory_before = pull(), memory(server)
        clients = []
        for _ in range(stopped):
            client = crowd.enter_context(connect(server, buffer=4096))
            client.sendall(request)
            clients.append(client)
        for client in clients:
            assert client.recv(1, socket.MSG_PEEK), "it is being answered"
        grown = 0.0

        def is_relieved() -> bool:
            nonlocal grown
            grown = max(grown, memory(server) - memory_before)
            return pull() <= before + most

        eventually(is_relieved, within=15)
        assert connections(server) > before + most // 2, "and no more of them than it takes"
        assert grown < bound / 1e6 * 1.1 + 20 * large / 1e6 + 60, f"{grown:.0f} MB"
    eventually(lambda: server.stream("cam")["client_count"] == 0, within=15)


def test_there_is_room_for_so_many_websockets(server: Server) -> None:
    with ExitStack() as crowd:
        room = [crowd.enter_context(connect(server, buffer=4096)) for _ in range(CONSUMERS)]
        for client in room:
            client.sendall(upgrade(server, "/ws/cam?format=jpeg&credit=1"))
            assert receive(client, b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")
        for path in ("/ws/cam", "/ws/cam?format=h264"):
            client = crowd.enter_context(connect(server))
            client.sendall(upgrade(server, path, Connection="Upgrade, close"))
            answer = receive(client, b"}")
            assert answer.startswith(b"HTTP/1.1 429 ")
            assert b"quota_exceeded" in answer
            assert b"--max-consumers" in answer
        server.ask("GET", "/api/streams/cam/frame").problem(429, "quota_exceeded")
    eventually(lambda: server.ask("GET", "/api/streams/cam/frame").status == 200)


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Upgrade": None}, 426),
        ({"Upgrade": "h2c"}, 426),
        ({"Connection": None}, 426),
        ({"Connection": "keep-alive"}, 426),
        ({"Sec_WebSocket_Key": None}, 426),
        ({"Sec_WebSocket_Version": None}, 426),
        ({"Sec_WebSocket_Version": "8"}, 426),
    ],
    ids=str,
)
def test_a_broken_upgrade_is_told(server: Server, changed: dict[str, str | None], status: int) -> None:
    with connect(server) as client:
        client.sendall(upgrade(server, **changed))
        answer = receive(client, b"}")
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"websocket_expected" in answer


@pytest.mark.parametrize("query", ["fps=NaN", "fps=-1", "fps=inf", "width=NaN", "width=-5", "height=1e99", "quality=0"])
def test_a_websocket_of_impossible_pictures_is_refused(server: Server, query: str) -> None:
    with connect(server) as client:
        client.sendall(upgrade(server, f"/ws/cam?{query}"))
        answer = receive(client, b"}")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"invalid_request" in answer


@pytest.mark.parametrize(
    "sent",
    [
        b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0",  # a message of 2^63 bytes begins
        b"\x82\xff\0\0\0\0\0\1\0\1\0\0\0\0" + bytes(64 * 1024 + 1),  # one byte too long
        b"\x02\xfe\xff\xff\0\0\0\0" + bytes(65535) + b"\x00\xfe\xff\xff\0\0\0\0" + bytes(65535),  # in two parts
        b"\x82\x01x",  # not masked
        b"\x8b\x80\0\0\0\0",  # no such kind
        b"\xf2\x80\0\0\0\0",  # reserved bits
        b"\x81\x82\0\0\0\0\xff\xff",  # no UTF-8
        b"GET / HTTP/1.1\r\n\r\n",
    ],
    ids=["endless", "too-long", "too-long-in-parts", "unmasked", "unknown", "reserved", "no-text", "http"],
)
def test_a_websocket_that_breaks_the_rules_is_closed(server: Server, sent: bytes) -> None:
    with connect(server) as client:
        client.sendall(upgrade(server, "/ws/cam?format=jpeg&credit=1"))
        assert receive(client, b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")
        with contextlib.suppress(OSError):
            client.sendall(sent)
        receive(client)  # fails when it is not closed
    eventually(lambda: server.stream("cam")["client_count"] == 0)


def test_a_body_that_does_not_say_how_long_it_is(server: Server) -> None:
    head = f"POST /api/streams HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Type: application/json\r\n"
    with connect(server) as client:
        client.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        with contextlib.suppress(OSError):
            for _ in range(100):
                client.sendall(b"1000\r\n" + b" " * 0x1000 + b"\r\n")
        assert receive(client, b"}").startswith(b"HTTP/1.1 413 ")


def test_the_server_may_have_as_many_files_as_the_system_allows(server: Server) -> None:
    soft, hard = psutil.Process(server.pid).rlimit(psutil.RLIMIT_NOFILE)
    assert soft == (min(hard, 65536) if hard != resource.RLIM_INFINITY else 65536) or soft > 65536

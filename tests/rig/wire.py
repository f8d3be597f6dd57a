"""The network between a camera and its server: a relay on loopback that can be slow, noisy, cut, or lie about time.

What the server sends passes as it is. What the camera sends is told apart into RTSP and interleaved RTP
(RFC 2326, 10.12), so that faults meet the packets of the media alone.
"""

import contextlib
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

SENDER_REPORT = 200


@dataclass(frozen=True)
class Noise:
    """The parts (0 to 1) of the RTP packets that are lost, cut short or get some of their bits changed."""

    lost: float = 0.0
    cut: float = 0.0
    changed: float = 0.0
    #: The first byte that may change: 12 spares the RTP header.
    first_byte: int = 12
    seed: int = 1


class Wire:
    """Relays to a camera's port; a context manager. `port` is what to connect to instead."""

    def __init__(self, camera_port: int, *, silent_for: float = 0.0, clock_off_by: int = 0) -> None:
        self._camera_port = camera_port
        #: By how many seconds the camera's clock is wrong, as its sender reports tell.
        self._clock_off_by = clock_off_by
        #: Pictures that the camera sends in its first seconds never arrive.
        self._silent_for = silent_for
        self._noise: Noise | None = None
        self._random = random.Random(1)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        #: Connections there ever were, and when each began.
        self.opened_at: list[float] = []
        #: Sender reports that came through.
        self.reports = 0
        #: When the first packet of media came through.
        self.first_packet_at = 0.0

    def __enter__(self) -> "Wire":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        # Closing alone does not wake who waits in accept.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Break all connections."""
        with self._lock:
            for end in self._open:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    @contextmanager
    def noisy(self, noise: Noise) -> Iterator[None]:
        """Damage packets meanwhile, the same way each time."""
        self._random = random.Random(noise.seed)
        self._noise = noise
        try:
            yield
        finally:
            self._noise = None

    @property
    def open(self) -> int:
        """Connections that are open now."""
        with self._lock:
            return len(self._open) // 2

    def _accept(self) -> None:
        while True:
            try:
                server, _ = self._listener.accept()
            except OSError:
                return
            self.opened_at.append(time.monotonic())
            try:
                camera = socket.create_connection(("127.0.0.1", self._camera_port))
            except OSError:
                server.close()
                continue
            ends = (server, camera)
            for end in ends:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open += ends
            for relay in (self._up, self._down):
                threading.Thread(target=self._until_the_end, args=(relay, *ends), daemon=True).start()

    def _until_the_end(self, relay: Callable[..., None], server: socket.socket, camera: socket.socket) -> None:
        with contextlib.suppress(OSError):
            relay(server, camera)
        with self._lock:
            for end in (server, camera):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                if end in self._open:
                    self._open.remove(end)

    def _up(self, server: socket.socket, camera: socket.socket) -> None:
        while data := server.recv(1 << 16):
            camera.sendall(data)

    def _down(self, server: socket.socket, camera: socket.socket) -> None:
        stream = camera.makefile("rb")
        first = None
        while head := stream.read(1):
            if head != b"$":
                # RTSP, whose bodies are text: no line of it begins with a dollar sign.
                server.sendall(head + stream.readline())
                continue
            channel, size = stream.read(1), int.from_bytes(stream.read(2), "big")
            packet = stream.read(size)
            first = first or time.monotonic()
            if time.monotonic() - first < self._silent_for:
                continue
            # Odd channels are RTCP.
            if channel[0] % 2:
                packet = self._misdate(packet)
            elif noise := self._noise:
                packet = self._damage(packet, noise)
            if packet:
                self.first_packet_at = self.first_packet_at or time.monotonic()
                server.sendall(b"$" + channel + len(packet).to_bytes(2, "big") + packet)

    def _misdate(self, packet: bytes) -> bytes:
        """A compound of RTCP packets begins with the sender report, whose time is NTP's (RFC 3550, 6.4.1)."""
        if packet[1] != SENDER_REPORT:
            return packet
        self.reports += 1
        seconds = int.from_bytes(packet[8:12], "big") + self._clock_off_by
        return packet[:8] + seconds.to_bytes(4, "big") + packet[12:]

    def _damage(self, packet: bytes, noise: Noise) -> bytes:
        dice = self._random.random()
        if dice < noise.lost:
            return b""
        dice -= noise.lost
        if dice < noise.cut:
            return packet[: self._random.randrange(1, len(packet))]
        dice -= noise.cut
        if dice < noise.changed and len(packet) > noise.first_byte:
            changed = bytearray(packet)
            for _ in range(self._random.randint(1, 8)):
                changed[self._random.randrange(noise.first_byte, len(packet))] ^= 1 << self._random.randrange(8)
            return bytes(changed)
        return packet

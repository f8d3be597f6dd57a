"""A house of its own for a test: hosts in network namespaces, on one switch. Nothing in it reaches the
machine's real networks, and nothing outside reaches it."""

import ctypes
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: From <sched.h>.
NEW_NET = 0x4000_0000
#: From <linux/if_ether.h>.
ALL_PACKETS = 3


class NoHouse(Exception):
    """Why this machine has none to give."""


class House:
    """Hosts by name, each with a private address; each may also have a way out that leads nowhere.

    Some may be on a second network, on a switch of its own, by which they reach each other when they are cut off
    the first one.
    """

    def __init__(self, hosts: dict[str, str], second: dict[str, str] | None = None) -> None:
        #: Name to address with its prefix, such as `10.77.0.2/26`.
        self.hosts = hosts
        self._networks = [("lan", hosts), ("second", second or {})]
        self._mark = f"fl{os.getpid()}"
        #: Hears what goes the way out.
        self._ear: socket.socket | None = None

    def __enter__(self) -> "House":
        if os.geteuid() != 0:
            raise NoHouse("network namespaces need root")
        if shutil.which("ip") is None:
            raise NoHouse("there is no `ip` command (package iproute2)")
        try:
            self._build()
        except subprocess.CalledProcessError as error:
            self._tear_down()
            raise NoHouse(f"this system gives no network namespaces: {error.stderr.strip()}") from None
        return self

    def __exit__(self, *_: object) -> None:
        self._tear_down()

    def _name(self, host: str) -> str:
        return f"{self._mark}-{host}"

    def _build(self) -> None:
        switch = self._name("switch")
        _ip("netns", "add", switch)
        for host in self.hosts:
            _ip("netns", "add", self._name(host))
            _ip("-n", self._name(host), "link", "set", "lo", "up")
        for network, hosts in self._networks:
            bridge = f"{network}-switch"
            _ip("-n", switch, "link", "add", bridge, "type", "bridge", "mcast_snooping", "0")
            _ip("-n", switch, "link", "set", bridge, "up")
            for host, address in hosts.items():
                name, port = self._name(host), self._port(network, host)
                _ip("-n", switch, "link", "add", port, "type", "veth", "peer", "name", network, "netns", name)
                _ip("-n", switch, "link", "set", port, "master", bridge, "up")
                _ip("-n", name, "address", "add", address, "dev", network)
                _ip("-n", name, "link", "set", network, "up")

    def _port(self, network: str, host: str) -> str:
        return f"{network}{list(self.hosts).index(host)}"

    def cut(self, host: str) -> None:
        """Unplug it from the first network's switch. Its own end stays up: what it sends goes nowhere."""
        _ip("-n", self._name("switch"), "link", "set", self._port("lan", host), "nomaster")

    def mend(self, host: str) -> None:
        """Plug it in again."""
        port = self._port("lan", host)
        _ip("-n", self._name("switch"), "link", "set", port, "master", "lan-switch")

    def _tear_down(self) -> None:
        if self._ear:
            self._ear.close()
        for name in (self._name(host) for host in ("switch", *self.hosts)):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)

    def give_way_out(self, host: str, address: str) -> None:
        """An interface with this address and the host's default route; its other end hears, and answers nothing."""
        name, switch = self._name(host), self._name("switch")
        _ip("-n", switch, "link", "add", "nowhere", "type", "veth", "peer", "name", "out", "netns", name)
        # IPv6 sends by itself, at both ends.
        for end, interface in ((host, "out"), ("switch", "nowhere")):
            with self.inside(end), suppress(OSError):
                Path(f"/proc/sys/net/ipv6/conf/{interface}/disable_ipv6").write_text("1")
        _ip("-n", switch, "link", "set", "nowhere", "up")
        with self.inside("switch"):
            self._ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PACKETS))
        self._ear.bind(("nowhere", ALL_PACKETS))
        self._ear.setblocking(False)
        _ip("-n", name, "address", "add", address, "dev", "out")
        _ip("-n", name, "link", "set", "out", "up")
        _ip("-n", name, "route", "add", "default", "dev", "out")

    def sent_out(self) -> list[str]:
        """What went the way out since it was last asked for, requests for a neighbour's hardware address among it.

        Not what a kernel says to its switch when a program listens to a group (IGMP): that leaves no link.
        """
        assert self._ear, "there is no way out"
        sent = []
        while True:
            try:
                packet = self._ear.recv(65536)
            except BlockingIOError:
                return sent
            if not (packet[12:14] == b"\x08\x00" and packet[23] == socket.IPPROTO_IGMP):
                sent.append(packet.hex())

    @contextmanager
    def inside(self, host: str) -> Iterator[None]:
        """Sockets that are opened and processes that are started meanwhile are that host's."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            there = os.open(f"/run/netns/{self._name(host)}", os.O_RDONLY)
            try:
                _enter(there)
            finally:
                os.close(there)
            yield
        finally:
            _enter(home)
            os.close(home)


def _enter(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, NEW_NET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _ip(*arguments: str) -> str:
    return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True).stdout

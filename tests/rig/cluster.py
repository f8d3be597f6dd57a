"""Several servers that share their cameras, and the Redis between them."""

import base64
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil

from rig import processes
from rig.camera import Cameras, free_port
from rig.server import Server
from rig.waiting import eventually
from rig.watching import Watch

#: What moves when an instance comes back, or Redis does: placed within beats, a tenth at a time.
SETTLED = 15.0


class Redis:
    """A redis-server on loopback that keeps nothing on disk. Started on entering, ended on leaving."""

    def __init__(
        self,
        *options: str,
        config: Path | None = None,
        address: str = "127.0.0.1",
        tls: tuple[Path, Path, Path] | None = None,
    ) -> None:
        """`config`: it is a Sentinel, and this is its file. `tls`: a certificate, its key, and who signed it."""
        self.port = free_port()
        self.url = f"{'rediss' if tls else 'redis'}://{address}:{self.port}"
        self._address = address
        self._home = Path(tempfile.mkdtemp(prefix="rig-redis-"))
        port = ["--port", str(self.port)]
        self._cli: list[str] = []
        if tls:
            certificate, key, authority = map(str, tls)
            port = ["--port", "0", "--tls-port", str(self.port), "--tls-auth-clients", "no"]
            port += ["--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", authority]
            self._cli = ["--tls", "--cacert", authority]
        kind = [str(config), "--sentinel"] if config else ["--save", "", "--appendonly", "no"]
        # Its file comes first; options after it go before what it says.
        self._command = ["redis-server", *kind, *port, "--bind", address, "--dir", str(self._home), *options]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Redis":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self._home, ignore_errors=True)

    def start(self) -> None:
        """Start with nothing in it."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        eventually(lambda: self.ask("PING") == "PONG", within=10)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def ask(self, *command: str) -> str:
        """What redis-cli answers."""
        answer = subprocess.run(
            ["redis-cli", "-h", self._address, "-p", str(self.port), *self._cli, *command],
            capture_output=True,
            check=False,
            timeout=10,
        )
        return answer.stdout.decode(errors="replace").strip()


class Sentinels:
    """A master, its replicas and three Sentinels, set up as docs/CLUSTER.md says. Ended on leaving."""

    NAME = "rig"

    def __init__(self, replicas: int = 2) -> None:
        safe = ["--min-replicas-to-write", "1", "--min-replicas-max-lag", "3", "--repl-diskless-sync-delay", "0"]
        self._master = Redis(*safe)
        replica = [*safe, "--replicaof", "127.0.0.1", str(self._master.port)]
        self._servers = [self._master, *(Redis(*replica) for _ in range(replicas))]
        self._sentinels: list[Redis] = []
        self._home = Path(tempfile.mkdtemp(prefix="rig-sentinels-"))
        self._stack = ExitStack()

    def __enter__(self) -> "Sentinels":
        with ExitStack() as stack:
            stack.callback(shutil.rmtree, self._home, ignore_errors=True)
            for server in self._servers:
                stack.enter_context(server)
            eventually(lambda: self._replicas(self._master) == len(self._servers) - 1, within=15)
            for number in range(3):
                file = self._home / f"{number}.conf"
                file.write_text(
                    f"sentinel monitor {self.NAME} 127.0.0.1 {self._master.port} 2\n"
                    f"sentinel down-after-milliseconds {self.NAME} 5000\n"
                    f"sentinel failover-timeout {self.NAME} 10000\n"
                )
                self._sentinels.append(stack.enter_context(Redis(config=file)))
            eventually(lambda: all(self._sees_everyone(each) for each in self._sentinels), within=15)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self._sentinels)
        return f"redis+sentinel://{hosts}/{self.NAME}"

    def master(self) -> int:
        """The port of the Redis that is in charge, as the Sentinels say."""
        return int(self._sentinels[0].ask("SENTINEL", "get-master-addr-by-name", self.NAME).split()[1])

    def kill_master(self) -> None:
        port = self.master()
        next(server for server in self._servers if server.port == port).kill()

    def _replicas(self, server: Redis) -> int:
        told = server.ask("INFO", "replication")
        return told.count("state=online")

    def _sees_everyone(self, sentinel: Redis) -> bool:
        told = sentinel.ask("SENTINEL", "MASTER", self.NAME).splitlines()
        facts = dict(zip(told[::2], told[1::2], strict=False))
        others = (facts.get("num-slaves"), facts.get("num-other-sentinels"))
        return others == (str(len(self._servers) - 1), "2")


class Instance(Server):
    """A server that shares its cameras with the others of its cluster."""

    def __init__(
        self,
        name: str,
        redis: Redis | Sentinels,
        key: str,
        options: Sequence[str] = (),
        env: dict[str, str | None] | None = None,
        **more: Any,
    ) -> None:
        self.name = name
        shared = {"FANLIGHT_CLUSTER": redis.url, "FANLIGHT_CLUSTER_KEY": key}
        super().__init__(env=shared | (env or {}), options=["--instance", name, *options], **more)

    def hold(self) -> None:
        """Stop it as a debugger or a machine that is out of memory does."""
        self.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.send_signal(signal.SIGCONT)

    def has_open(self, cameras: Cameras) -> int:
        """How many connections to these cameras this process and its FFmpegs have, as the kernel says."""
        count = 0
        for process in processes.family(self.pid):
            with contextlib.suppress(psutil.NoSuchProcess):
                ends = process.net_connections("tcp")
                count += sum(
                    bool(end.raddr) and end.raddr.port == cameras.port and end.status == "ESTABLISHED" for end in ends
                )
        return count


class Cluster:
    """Instances that share all of these cameras. Started on entering and given the cameras, ended on leaving."""

    def __init__(self, cameras: Cameras, instances: Sequence[Instance]) -> None:
        self.cameras, self.instances = cameras, instances
        self.streams = [f"cam{number}" for number in range(len(cameras.models))]
        self._stack = ExitStack()

    def __enter__(self) -> "Cluster":
        with ExitStack() as stack:
            for instance in self.instances:
                stack.enter_context(instance)
            for number, stream in enumerate(self.streams):
                self.instances[number % len(self.instances)].add(stream, self.cameras.url(number))
            self.settle()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def revive(self) -> None:
        """Start the instances that do not run, and wait until they have cameras."""
        for instance in self.instances:
            if not instance.runs:
                instance.start()
        self.settle()

    def settle(self) -> None:
        """Wait until each camera is open once and all instances have some."""

        def settled() -> bool:
            counts = [instance.has_open(self.cameras) for instance in self.instances]
            return sum(counts) == len(self.streams) and min(counts) > 0

        eventually(settled, within=SETTLED)
        for instance in self.instances:
            eventually(lambda instance=instance: len(instance.streams()) == len(self.streams), within=3)

    def stand_still(self, seconds: float) -> None:
        """Wait until no camera has changed hands for so long."""
        owners, since = self.owners(), time.monotonic()

        def still() -> bool:
            nonlocal owners, since
            if (now := self.owners()) != owners:
                owners, since = now, time.monotonic()
            return time.monotonic() - since >= seconds

        eventually(still, within=SETTLED + seconds, every=0.2)

    def owners(self) -> dict[str, str | None]:
        """Who has each camera, as the first instance that runs says; None where it does itself."""
        told = next(each for each in self.instances if each.runs)
        return {stream["stream_id"]: stream.get("owner") for stream in told.streams()}

    def others(self, instance: Instance) -> list[Instance]:
        return [each for each in self.instances if each is not instance]

    def cameras_of(self, owner: Instance) -> list[str]:
        """The cameras that this instance has open, once another one knows them all."""
        other = self.others(owner)[0]

        def known() -> list[str]:
            found = [stream["stream_id"] for stream in other.streams() if stream.get("owner") == owner.name]
            return found if len(found) == owner.has_open(self.cameras) else []

        return eventually(known, within=3)

    def split(self, owner: Instance, watches: Mapping[str, list[Watch]]) -> tuple[list[Watch], list[Watch]]:
        """Who reads the owner's cameras at the other instances, and who reads other cameras there."""
        its = self.cameras_of(owner)
        there = [watch for each in self.others(owner) for watch in watches[each.name]]
        return [w for w in there if w.stream_id in its], [w for w in there if w.stream_id not in its]

    def never_twice(self) -> None:
        """The cameras never saw two clients at a time."""
        most = [self.cameras.connections(number).most for number in range(len(self.streams))]
        assert most == [1] * len(self.streams), most


class Authority:
    """Makes certificates for 127.0.0.1, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.certificate, self._key = folder / "ca.pem", folder / "ca.key"
        self._folder = folder
        _openssl("-subj", "/CN=rig", "-keyout", self._key, "-out", self.certificate)

    def signs(self, name: str) -> tuple[Path, Path]:
        """A certificate and its key."""
        certificate, key = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        by = ("-CA", self.certificate, "-CAkey", self._key, "-addext", "basicConstraints=critical,CA:FALSE")
        names = ("-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1")
        _openssl(*by, *names, "-keyout", key, "-out", certificate)
        return certificate, key


def _openssl(*options: str | Path) -> None:
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run([*made, "-days", "2", *map(str, options)], check=True, capture_output=True)


def new_key() -> str:
    """A key for FANLIGHT_CLUSTER_KEY."""
    return base64.b64encode(os.urandom(32)).decode()

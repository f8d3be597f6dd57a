"""Several servers that share their cameras, and the Redis between them."""

import base64
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rig.camera import free_port
from rig.server import Server
from rig.waiting import eventually


class Redis:
    """A redis-server on loopback that keeps nothing on disk. Started on entering, ended on leaving."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self._home = Path(tempfile.mkdtemp(prefix="rig-redis-"))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Redis":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self._home, ignore_errors=True)

    def start(self) -> None:
        """Start with nothing in it."""
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--save", "", "--appendonly", "no", "--dir", str(self._home)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        eventually(lambda: self.ask("PING") == "PONG", within=10)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def ask(self, *command: str) -> str:
        """What redis-cli answers."""
        answer = subprocess.run(
            ["redis-cli", "-p", str(self.port), *command], capture_output=True, check=False, timeout=10
        )
        return answer.stdout.decode(errors="replace").strip()


class Instance(Server):
    """A server that shares its cameras with the others of its cluster."""

    def __init__(self, name: str, redis: Redis, key: str, options: Sequence[str] = ()) -> None:
        self.name = name
        env = {"FANLIGHT_CLUSTER": redis.url, "FANLIGHT_CLUSTER_KEY": key}
        super().__init__(env=env, options=["--instance", name, *options])

    def hold(self) -> None:
        """Stop it as a debugger or a machine that is out of memory does."""
        self.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.send_signal(signal.SIGCONT)


def new_key() -> str:
    """A key for FANLIGHT_CLUSTER_KEY."""
    return base64.b64encode(os.urandom(32)).decode()

"""The container image, and containers of it as an engine runs them: by runc, which is what engines run them by.

There is no engine and no registry here, so what an engine does around it is done by hand: the image's layers are
unpacked, and its configuration becomes one of the OCI runtime.
"""

import json
import os
import shutil
import signal
import subprocess
import tarfile
import uuid
from pathlib import Path
from typing import Any

from rig.waiting import eventually

#: Where the image keeps its state, and what an engine makes a volume of.
STATE = "var/lib/fanlight"
NAMESPACES = ("pid", "network", "ipc", "uts", "mount")


class Image:
    """A saved image, unpacked."""

    def __init__(self, archive: Path, folder: Path) -> None:
        with tarfile.open(archive) as saved:
            saved.extractall(folder / "saved", filter="data")
        saved_at = folder / "saved"
        manifest = json.loads((saved_at / "manifest.json").read_text())[0]
        #: As `docker image inspect` shows it.
        self.config: dict[str, Any] = json.loads((saved_at / manifest["Config"]).read_text())["config"]
        layers = [saved_at / layer for layer in manifest["Layers"]]
        #: Bytes of all layers, not compressed.
        self.size = sum(layer.stat().st_size for layer in layers)
        self.root = folder / "root"
        for layer in layers:
            with tarfile.open(layer) as files:
                files.extractall(self.root, numeric_owner=True, filter="tar")
        shutil.rmtree(saved_at)

    @property
    def user(self) -> tuple[int, int]:
        uid, gid = self.config["User"].split(":")
        return int(uid), int(gid)


class Container:
    """One container: its root read-only, without rights, in a network of its own that has loopback only."""

    def __init__(self, image: Image, folder: Path, volume: Path, env: dict[str, str]) -> None:
        self._image = image
        self._name = f"fanlight-{uuid.uuid4().hex[:8]}"
        self._runc = ["runc", "--root", str(folder / "runc")]
        self._bundle = folder / self._name
        self._bundle.mkdir(parents=True)
        self._log = self._bundle / "log"
        if not volume.exists():
            # As engines do with a new volume: what the image has at that place, owner and all.
            shutil.copytree(image.root / STATE, volume)
            there = (image.root / STATE).stat()
            os.chown(volume, there.st_uid, there.st_gid)
        (self._bundle / "config.json").write_text(json.dumps(self._specification(volume, env)))
        self._process: subprocess.Popen[bytes] | None = None

    def _specification(self, volume: Path, env: dict[str, str]) -> dict[str, Any]:
        told = subprocess.run(["runc", "spec"], cwd=self._bundle, check=True, capture_output=True)
        assert told.returncode == 0
        specification: dict[str, Any] = json.loads((self._bundle / "config.json").read_text())
        uid, gid = self._image.user
        config = self._image.config
        specification["process"] |= {
            "terminal": False,
            "user": {"uid": uid, "gid": gid},
            "args": config["Entrypoint"] + (config.get("Cmd") or []),
            "env": config["Env"] + [f"{name}={value}" for name, value in env.items()],
            "capabilities": {},
            "noNewPrivileges": True,
        }
        specification["root"] = {"path": str(self._image.root), "readonly": True}
        # Control groups limit nothing here, and may not be there.
        specification["mounts"] = [one for one in specification["mounts"] if one["type"] != "cgroup"]
        specification["mounts"] += [
            {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "noexec"]},
            {"destination": f"/{STATE}", "type": "bind", "source": str(volume), "options": ["rbind", "rw"]},
        ]
        specification["linux"]["namespaces"] = [{"type": kind} for kind in NAMESPACES]
        return specification

    def __enter__(self) -> "Container":
        with self._log.open("ab") as log:
            command = [*self._runc, "run", "--bundle", str(self._bundle), self._name]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.signal(signal.SIGKILL)
            self._process.wait(10)
        subprocess.run([*self._runc, "delete", "--force", self._name], capture_output=True, check=False)

    @property
    def pid(self) -> int:
        """Of the server, as this machine counts."""
        told = subprocess.run([*self._runc, "state", self._name], capture_output=True, check=True)
        return int(json.loads(told.stdout)["pid"])

    def log(self) -> str:
        return self._log.read_text()

    def signal(self, number: int) -> None:
        subprocess.run([*self._runc, "kill", self._name, str(int(number))], check=True, capture_output=True)

    def wait(self, within: float) -> int:
        """The exit code, once it has ended."""
        assert self._process is not None
        return self._process.wait(within)

    def healthcheck(self) -> subprocess.CompletedProcess[str]:
        """What the image says an engine is to run, run in the container."""
        kind, *command = self._image.config["Healthcheck"]["Test"]
        assert kind == "CMD", "an image without a shell"
        done = [*self._runc, "exec", self._name, *command]
        return subprocess.run(done, capture_output=True, text=True, check=False, timeout=10)

    def wait_healthy(self, within: float = 15.0) -> None:
        def healthy() -> bool:
            assert self._process is not None
            assert self._process.poll() is None, self.log()
            done = self.healthcheck()
            assert done.returncode == 0, done.stderr + self.log()
            return True

        eventually(healthy, within)

    def ask(self, path: str, *options: str) -> bytes:
        """What curl gets from it, from within its network."""
        command = ["nsenter", f"--net=/proc/{self.pid}/ns/net", "curl", "-sS", "--fail-with-body", "--max-time", "15"]
        done = subprocess.run([*command, *options, f"http://127.0.0.1:8080{path}"], capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

"""The desktop app as a person meets it: started through the WebDriver bridge, or plainly; always ended."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from selenium import webdriver
from selenium.webdriver.common.options import ArgOptions
from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.remote.remote_connection import RemoteConnection

from rig import processes
from rig.camera import free_port
from rig.http import Answer, send
from rig.server import ROOT, sidecar
from rig.waiting import eventually

#: From SIGTERM or the tray's Quit to the end of the process, in seconds.
END = 5.0
BINARY = os.environ.get("FANLIGHT_DESKTOP") or str(ROOT / "target" / "debug" / "fanlight")
BRIDGE = os.environ.get("TAURI_DRIVER") or str(ROOT / ".cache" / "tools" / "bin" / "tauri-driver")


class App:
    """One installation of the app: a data folder and an API port that stay over its restarts."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="fanlight-desktop-"))
        self.data = self.home / "data"
        self.port = free_port()
        #: Variables beside the usual ones; None takes one away.
        self.variables: dict[str, str | None] = {}
        # What it leaves for its user's programs and desktop is in its home, not in that of whoever runs the tests.
        self.runtime, self.config = self.home / "runtime", self.home / "config"
        self.runtime.mkdir(mode=0o700)
        # FFmpeg under a name of its own, so that its processes are found even when they are orphans.
        self.ffmpeg = str(self.home / "ffmpeg")
        os.symlink(shutil.which(sidecar()) or sidecar(), self.ffmpeg)
        self._log = self.home / "app.log"
        self._bridge: subprocess.Popen[bytes] | None = None
        self._plain: subprocess.Popen[bytes] | None = None
        self._launched: list[subprocess.Popen[bytes]] = []
        self._process: psutil.Process | None = None
        self.driver: Any = None

    def __enter__(self) -> "App":
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop()
        finally:
            self._end_everything()
            left = processes.named(self.ffmpeg)
            for process in left:
                process.kill()
            log = self.log()
            shutil.rmtree(self.home, ignore_errors=True)
        assert not left, f"FFmpeg outlived the app: {left}\n{log[-3000:]}"

    # Life

    @property
    def environment(self) -> dict[str, str]:
        usual = os.environ | {
            "XDG_RUNTIME_DIR": str(self.runtime),
            "XDG_CONFIG_HOME": str(self.config),
            "FANLIGHT_DATA_DIR": str(self.data),
            "FANLIGHT_FFMPEG": self.ffmpeg,
            "PORT": str(self.port),
            "LOG_LEVEL": "debug",
            # No test searches the networks of the machine it runs on.
            "FANLIGHT_SCANS": "off",
            # Nor does one write into the keyring of whoever runs it.
            "FANLIGHT_KEYRING": "off",
        }
        return {name: value for name, value in (usual | self.variables).items() if value is not None}

    def start(self) -> "App":
        """Start it under the WebDriver bridge, and wait for its page."""
        assert self._bridge is None
        port, native = free_port(), free_port()
        command = [BRIDGE, "--port", str(port), "--native-port", str(native)]
        with self._log.open("ab") as log:
            self._bridge = subprocess.Popen(command, stdout=log, stderr=log, env=self.environment)
        eventually(lambda: _answers(port) and _answers(native), within=10)
        options = ArgOptions()
        options.set_capability("browserName", "wry")
        options.set_capability("tauri:options", {"application": BINARY})
        connection = RemoteConnection(client_config=ClientConfig(f"http://127.0.0.1:{port}"))
        self.driver = webdriver.Remote(connection, options=options)
        self.driver.set_script_timeout(10)
        self._process = eventually(self._find)
        return self

    def start_plainly(self, *arguments: str) -> "App":
        """Start it as a person does, without WebDriver, and wait for its API."""
        with self._log.open("ab") as log:
            self._plain = subprocess.Popen([BINARY, *arguments], stdout=log, stderr=log, env=self.environment)
        self._process = psutil.Process(self._plain.pid)
        eventually(lambda: _answers(self.port), within=15)
        return self

    def launch(self) -> subprocess.Popen[bytes]:
        """One launch that is expected to end by itself: a second one, or one that fails."""
        with self._log.open("ab") as log:
            launched = subprocess.Popen([BINARY], stdout=log, stderr=log, env=self.environment)
        self._launched.append(launched)
        return launched

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def is_running(self) -> bool:
        try:
            return self._process is not None and self._process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def wait(self, within: float = END) -> float:
        """Wait for its end; the seconds it took."""
        started = time.monotonic()
        eventually(lambda: not self.is_running(), within)
        return time.monotonic() - started

    def exit_code(self) -> int:
        """Of an app that was started plainly."""
        assert self._plain is not None
        return self._plain.wait(END)

    def stop(self, how: int = signal.SIGTERM) -> None:
        """Ask it to end, and fail when it takes too long."""
        if self.is_running():
            os.kill(self.pid, how)
            self.wait()
        self._end_everything()

    def _end_everything(self) -> None:
        """The bridge, the driver behind it and what they started, each by its pid."""
        started = [process for process in (self._bridge, self._plain, *self._launched) if process]
        family = [member for process in started for member in processes.family(process.pid)]
        if self._process is not None:
            family.append(self._process)
        for member in family:
            try:
                member.kill()
            except psutil.NoSuchProcess:
                continue
        for process in started:
            process.wait()
        psutil.wait_procs(family, timeout=END)
        self._bridge = self._plain = self._process = self.driver = None
        self._launched = []

    def _find(self) -> psutil.Process | None:
        assert self._bridge is not None
        for process in processes.family(self._bridge.pid):
            try:
                if process.cmdline()[:1] == [BINARY]:
                    return process
            except psutil.Error:
                continue
        return None

    # What it does

    def write_settings(self, **settings: Any) -> None:
        """The settings file, before a start."""
        self.data.mkdir(exist_ok=True)
        (self.data / "settings.json").write_text(json.dumps(settings))

    def saved_settings(self) -> dict[str, Any]:
        return json.loads((self.data / "settings.json").read_text())

    def log(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def ffmpegs(self) -> list[psutil.Process]:
        return processes.named(self.ffmpeg)

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        """A request as a script makes it."""
        return send(self.port, method, path, body)

    def streams(self) -> dict[str, dict[str, Any]]:
        return {stream["stream_id"]: stream for stream in self.ask("GET", "/api/streams").json["streams"]}

    def stream(self, stream_id: str) -> dict[str, Any]:
        return self.ask("GET", f"/api/streams/{stream_id}").json

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False

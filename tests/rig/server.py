"""A fanlight-server under test: its own port, its own camera file, always ended."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from rig import processes
from rig.clip import ffmpeg as system_ffmpeg
from rig.http import Answer, send
from rig.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
SERVING = re.compile(r"^Fanlight is serving on (https?://\S+:(\d+))\s*$", re.MULTILINE)
#: How long a server may take from SIGTERM to its end, in seconds.
END = 5.0
#: How long its FFmpeg processes may take after it, in seconds.
GONE = 2.0


class Server:
    """One server process. Started on entering, unless `start` is false; ended on leaving.

    Leaving fails when the server did not end cleanly in time, or left an FFmpeg process.
    """

    def __init__(
        self,
        *,
        cameras: Path | None = None,
        port: int | None = 0,
        env: dict[str, str | None] | None = None,
        options: Sequence[str] = (),
        ffmpeg: Path | None = None,
        start: bool = True,
        through: Sequence[str] = (),
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="rig-server-"))
        #: The file in which the server keeps its camera list.
        self.cameras = cameras or self.home / "cameras.json"
        # FFmpeg under a name of its own, so that its processes are found even when they are orphans.
        self.ffmpeg = str(self.home / "ffmpeg")
        os.symlink(ffmpeg or shutil.which(sidecar()) or sidecar(), self.ffmpeg)
        self._arguments = ["--ffmpeg", self.ffmpeg, "--cameras", str(self.cameras), *options]
        # What it leaves for its user's clients is in its home, not in that of whoever runs the tests.
        runtime = self.home / "runtime"
        # No test searches the networks of the machine it runs on; one in a house of its own says so.
        usual = {"LOG_LEVEL": "debug", "XDG_RUNTIME_DIR": str(runtime), "FANLIGHT_SCANS": "off"}
        # None takes a variable away.
        self._env = {name: value for name, value in (os.environ | usual | (env or {})).items() if value is not None}
        # A command that becomes the server, and what it hands over to it.
        self._through, self._pass_fds = through, pass_fds
        self._out, self._err = self.home / "stdout.log", self.home / "stderr.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._start = start
        #: None: it is not told any port. After the start: the one it serves on.
        self.port = port
        self.url = ""

    def __enter__(self) -> "Server":
        if self._start:
            self.start()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            code = self.stop()
            assert code in (None, 0), f"the server ended with exit code {code}"
            eventually(lambda: not self.ffmpegs(), within=GONE)
        except AssertionError as error:
            raise AssertionError(f"{error}\nFFmpeg left: {self.ffmpegs()}\n{self.log()[-3000:]}") from None
        finally:
            self.kill()
            for process in self.ffmpegs():
                process.kill()
            shutil.rmtree(self.home, ignore_errors=True)

    # Life

    def start(self) -> None:
        """Start and wait until it serves."""
        self.launch()
        self.wait_serving()

    def wait_serving(self) -> None:
        """Wait for the line that tells where it serves."""

        def serving() -> re.Match[str] | None:
            assert self.poll() is None, f"the server ended with exit code {self.poll()}:\n{self.log()}"
            return SERVING.search(self.stdout())

        told = eventually(serving, within=15)
        self.url, self.port = told[1], int(told[2])

    def launch(self) -> None:
        """Start without waiting: for servers that are expected to refuse."""
        assert self._process is None
        self._out.write_bytes(b"")
        port = [] if self.port is None else ["--port", str(self.port)]
        command = [*self._through, server_binary(), *port, *self._arguments]
        with self._out.open("ab") as out, self._err.open("ab") as err:
            self._process = subprocess.Popen(command, stdout=out, stderr=err, env=self._env, pass_fds=self._pass_fds)

    @property
    def runs(self) -> bool:
        """Whether it was started, and neither waited for nor killed since."""
        return self._process is not None

    def poll(self) -> int | None:
        return self._process.poll() if self._process else None

    def wait(self, within: float = END) -> int:
        """The exit code, once it has ended by itself."""
        assert self._process is not None
        code = self._process.wait(within)
        self._process = None
        return code

    def send_signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self, how: int = signal.SIGTERM) -> int | None:
        """Ask it to end; the exit code, or None when it was not running. Fails when it takes too long."""
        if self._process is None:
            return None
        assert self.poll() is None, f"the server had ended by itself, exit code {self.poll()}"
        self.send_signal(how)
        return self.wait()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """End and start again: same port, same camera file."""
        self.stop()
        self.start()

    # What it does

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def ffmpegs(self) -> list[psutil.Process]:
        """Its FFmpeg processes that are alive."""
        return processes.named(self.ffmpeg)

    def decoders(self) -> list[psutil.Process]:
        """Those of them that decode to raw pictures."""
        found = []
        for process in self.ffmpegs():
            try:
                if "rawvideo" in process.cmdline():
                    found.append(process)
            except psutil.NoSuchProcess:
                continue
        return found

    def stdout(self) -> str:
        return self._out.read_text(errors="replace")

    def stderr(self) -> str:
        return self._err.read_text(errors="replace")

    def log(self) -> str:
        """Everything it said, on stdout and stderr."""
        texts = [file.read_text(errors="replace") for file in (self._out, self._err) if file.exists()]
        return "".join(texts)

    # Its API

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        timeout: float = 15.0,
    ) -> Answer:
        assert self.port
        return send(self.port, method, path, body, headers, timeout)

    def add(self, stream_id: str, url: str, **more: Any) -> dict[str, Any]:
        """Start a stream; the answer."""
        answer = self.ask("POST", "/api/streams", {"stream_id": stream_id, "rtsp_url": url, **more})
        assert answer.status == 200, answer.text
        return answer.json

    def stream(self, stream_id: str) -> dict[str, Any]:
        answer = self.ask("GET", f"/api/streams/{stream_id}")
        assert answer.status == 200, answer.text
        return answer.json

    def streams(self) -> list[dict[str, Any]]:
        return self.ask("GET", "/api/streams").json["streams"]

    def state(self, stream_id: str) -> str:
        return self.stream(stream_id)["status"]["state"]

    def wait_online(self, stream_id: str, within: float = 8.0) -> dict[str, Any]:
        """The stream, once its camera delivers and is known."""

        def online() -> dict[str, Any] | None:
            stream = self.stream(stream_id)
            assert stream["status"]["state"] == "online", stream["status"]
            return stream if stream["video"] else None

        return eventually(online, within)


def server_binary() -> str:
    """The server under test: FANLIGHT_SERVER, else what `cargo build` makes."""
    return os.environ.get("FANLIGHT_SERVER") or str(ROOT / "target" / "debug" / "fanlight-server")


def sidecar() -> str:
    """The FFmpeg of the servers: FANLIGHT_FFMPEG, else the bundled one, else the system's."""
    bundled = sorted((ROOT / "src-tauri" / "binaries").glob("fanlight-ffmpeg-*"))
    return os.environ.get("FANLIGHT_FFMPEG") or (str(bundled[0]) if bundled else system_ffmpeg())

"""The examples of docs/API.md and those with curl in the README run as they stand, and every route
has one."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import websocket

from rig.server import ROOT, Server

#: As curl, but an error of the server is one of curl's, and every call is noted down. Only an example
#: that asks for it may run into its time limit.
CURL = r"""
set -euo pipefail
curl() {
    printf '%s\0' "$@" >> calls; printf '\n' >> calls
    command curl --silent --show-error --fail-with-body --max-time 20 "$@" && return
    local code=$?
    [[ $code == 28 && " $* " == *" --max-time "* ]] || return $code
}
"""


@dataclass(frozen=True)
class Example:
    """One block of code in a document."""

    document: str
    language: str
    code: str

    def __str__(self) -> str:
        first = next(line for line in self.code.split("\n") if line and not line.startswith("#"))
        return f"{self.document} {first[:60]}"


def examples(document: str) -> Iterator[Example]:
    blocks = re.findall(r"^```(sh|python)\n(.*?)^```", (ROOT / document).read_text(), re.DOTALL | re.MULTILINE)
    return (Example(document, language, code) for language, code in blocks)


EXAMPLES = [
    *examples("docs/API.md"),
    *(example for example in examples("README.md") if example.code.startswith("curl")),
]


class Reader:
    """Somebody who reads a stream over a WebSocket."""

    def __init__(self, server: Server, stream_id: str) -> None:
        self._socket = websocket.create_connection(f"ws://127.0.0.1:{server.port}/ws/{stream_id}?format=jpeg")
        self._socket.recv()

    def close(self) -> None:
        self._socket.close()


class Runner:
    """Runs each example once, in a folder of its own, against a server with a demo camera."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder, self.server = folder, server
        self.calls: set[tuple[str, str]] = set()
        self._done: dict[Example, subprocess.CompletedProcess[str]] = {}

    def run(self, example: Example) -> subprocess.CompletedProcess[str]:
        if example not in self._done:
            self._done[example] = self._run(example)
        return self._done[example]

    def _run(self, example: Example) -> subprocess.CompletedProcess[str]:
        if "$XDG_RUNTIME_DIR" in example.code:
            runtime = {"XDG_RUNTIME_DIR": str(self.folder)}
            with Server(options=["--require-token"], env=runtime) as server:
                return self._execute(example, server, runtime)
        for stream in self.server.streams():
            self.server.ask("DELETE", f"/api/streams/{stream['stream_id']}/force")
        for stream_id in ("demo", "door"):
            self.server.add(stream_id, "demo:")
        self.server.wait_online("demo")
        reader = Reader(self.server, "demo") if "/consumers" in example.code else None
        try:
            return self._execute(example, self.server, {})
        finally:
            if reader:
                reader.close()

    def _execute(self, example: Example, server: Server, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
        folder = self.folder / f"example-{len(self._done)}"
        folder.mkdir()
        code = example.code.replace("127.0.0.1:8080", f"127.0.0.1:{server.port}")
        hosts = set(re.findall(r"://([^/\s\"]+)", code))
        assert hosts <= {f"127.0.0.1:{server.port}", "127.0.0.1:8554"}, "examples stay on this machine"
        command = ["bash", "-c", CURL + code] if example.language == "sh" else [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=folder, env=os.environ | env, capture_output=True, text=True, timeout=60)
        self.calls |= called(folder, code if example.language == "python" else "")
        for file in folder.iterdir():
            assert file.stat().st_size > 0, f"{file.name} is empty"
        return done


def called(folder: Path, python: str) -> set[tuple[str, str]]:
    """Method and path of what was asked for."""
    found = {("GET", urlsplit(url).path) for url in re.findall(r"ws://[^\s\"]+", python)}
    calls = folder / "calls"
    for line in calls.read_text().splitlines() if calls.exists() else []:
        arguments = line.split("\0")
        url = next(argument for argument in arguments if argument.startswith("http://"))
        method = "POST" if "-d" in arguments else "GET"
        if "-X" in arguments:
            method = arguments[arguments.index("-X") + 1]
        found.add((method, urlsplit(url).path))
    return found


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    folder = tmp_path_factory.mktemp("recordings")
    with Server(options=["--recordings", str(folder)]) as server:
        yield Runner(tmp_path_factory.mktemp("examples"), server)


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_it_runs(runner: Runner, example: Example) -> None:
    done = runner.run(example)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_route_has_one(runner: Runner) -> None:
    for example in EXAMPLES:
        runner.run(example)
    document: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text())
    routes = {
        (method.upper(), path) for path, item in document["paths"].items() for method in item if method != "parameters"
    }

    def shown(method: str, path: str) -> bool:
        pattern = re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)))
        return any(m == method and pattern.fullmatch(p) for m, p in runner.calls)

    assert not {route for route in routes if not shown(*route)}

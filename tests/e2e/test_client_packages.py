"""The client libraries come from the server itself, and fit it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rig.server import Server

pytestmark = pytest.mark.timeout(240)

FIRST_PICTURE = """
from fanlight import RTSPStreamClient
with RTSPStreamClient({url!r}, "demo") as camera:
    camera.start_stream("demo:", width=320, height=180)
    camera.start_receiving()
    print(camera.get_frame(timeout=20).shape)
"""


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_python_is_installed_from_it_and_reads_a_camera(server: Callable[..., Server], tmp_path: Path) -> None:
    fanlight = server()
    package = fanlight.ask("GET", "/api/clients").json["python"]
    version = fanlight.ask("GET", "/api/info").json["version"]
    assert package == f"/clients/fanlight-{version}-py3-none-any.whl"
    run(sys.executable, "-m", "venv", "venv", cwd=tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", f"{fanlight.url}{package}", cwd=tmp_path)
    assert run(python, "-c", FIRST_PICTURE.format(url=fanlight.url), cwd=tmp_path) == "(180, 320, 3)\n"


def test_javascript_is_installed_from_it(server: Callable[..., Server], tmp_path: Path) -> None:
    fanlight = server()
    package = fanlight.ask("GET", "/api/clients").json["javascript"]
    (tmp_path / "package.json").write_text(json.dumps({"name": "a-page", "private": True}))
    npm = shutil.which("npm")
    assert npm
    run(npm, "install", "--no-audit", "--no-fund", "--omit=peer", f"{fanlight.url}{package}", cwd=tmp_path)
    told = run("node", "-p", "typeof require('fanlight-client').RTSPStreamClient", cwd=tmp_path)
    assert told == "function\n"
    assert (tmp_path / "node_modules" / "fanlight-client" / "dist" / "js_client.js").is_file()


def test_they_need_no_token_and_nothing_else_is_given_out(server: Callable[..., Server]) -> None:
    fanlight = server(env={"FANLIGHT_TOKEN": "open-sesame-open-sesame"})
    fanlight.ask("GET", "/api/clients").problem(401, "token_required")
    token = {"Authorization": "Bearer open-sesame-open-sesame"}
    for path in fanlight.ask("GET", "/api/clients", headers=token).json.values():
        assert fanlight.ask("GET", path).status == 200
    for name in ["none.whl", "..%2f..%2fCargo.toml", "..%2fpython%2fpyproject.toml", "README.md"]:
        fanlight.ask("GET", f"/clients/{name}").problem(404, "not_found")

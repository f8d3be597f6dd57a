"""The container and the Compose files at a real Docker Engine, by the commands of docs/DEPLOYMENT.md as they stand."""

import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from package.conftest import PACKAGES
from package.docker_engine import Engine, missing
from rig.server import ROOT
from rig.waiting import eventually

pytestmark = pytest.mark.timeout(400)

DEPLOY = ROOT / "deploy"
CAMERA = json.dumps({"stream_id": "door", "rtsp_url": "demo:"})
#: What the files name besides ours.
CLUSTER = yaml.safe_load((DEPLOY / "container" / "compose.cluster.yaml").read_text())["services"]


def commands(section: str) -> list[str]:
    """The blocks of commands below a heading."""
    text = (ROOT / "docs" / "DEPLOYMENT.md").read_text()
    (body,) = re.findall(rf"^## {section}\n(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    return re.findall(r"^```sh\n(.*?)^```", body, re.MULTILINE | re.DOTALL)


def without_build(command: str) -> str:
    """The image is there: it was built of the very Dockerfile, but not by this engine, which reaches no registry."""
    assert " --build" in command
    return command.replace(" --build", "")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    why = missing()
    if why:
        pytest.skip(f"no Docker Engine is run: {why}")
    assert PACKAGES
    archive = Path(PACKAGES) / "container" / "fanlight-server.tar"
    if not archive.exists():
        pytest.skip("no container image was built")
    with Engine(tmp_path_factory.mktemp("docker")) as engine:
        engine.load(archive, "fanlight-server")
        yield engine


@pytest.fixture(scope="module")
def stand_ins(engine: Engine) -> None:
    engine.make_stand_ins(CLUSTER["redis"]["image"], CLUSTER["nginx"]["image"])


@pytest.fixture
def checkout(engine: Engine, tmp_path: Path) -> Iterator[Path]:
    """The folder that the commands are run in; nothing of what they started is left."""
    shutil.copytree(DEPLOY, tmp_path / "checkout" / "deploy")
    yield tmp_path / "checkout"
    engine.clear()


def ask(engine: Engine, token: str, path: str, options: str = "") -> str:
    where = f"http://127.0.0.1:8080{path}"
    return engine.says(f"curl -sS --fail-with-body --max-time 20 {options} {where} -H 'Authorization: Bearer {token}'")


def has_picture(engine: Engine, token: str) -> bool:
    path = "'/api/streams/door/frame?format=jpeg&width=640'"
    return ask(engine, token, path, "-o /dev/null -w '%{content_type}'") == "image/jpeg"


def add_camera(engine: Engine, token: str) -> None:
    ask(engine, token, "/api/streams", f"-H 'Content-Type: application/json' -d '{CAMERA}'")
    eventually(lambda: has_picture(engine, token), within=20)


def test_the_container_runs_as_documented(engine: Engine, tmp_path: Path) -> None:
    block = commands("Container")[1]
    start = block.split("docker inspect")[0]
    inspect, curl = re.findall(r"^(docker inspect.*|curl.*)$", block, re.MULTILINE)
    engine.run(start, tmp_path)
    eventually(lambda: engine.says(inspect, tmp_path) == "healthy", within=30)
    assert json.loads(engine.says(curl, tmp_path)) == {"streams": []}
    token = (tmp_path / "token").read_text().strip()
    add_camera(engine, token)

    started = time.monotonic()
    engine.run("docker stop fanlight")
    assert time.monotonic() - started < 8
    assert engine.says("docker inspect --format '{{.State.ExitCode}}' fanlight") == "0"
    engine.run("docker start fanlight")
    eventually(lambda: engine.says(inspect, tmp_path) == "healthy", within=30)
    assert has_picture(engine, token), "the volume has its cameras"
    assert token not in engine.says("docker logs fanlight 2>&1; docker inspect fanlight")
    engine.run("docker rm -f -v fanlight")


def test_compose_starts_one_server(engine: Engine, checkout: Path) -> None:
    engine.run(without_build(commands("Compose")[0]), checkout)
    folder = checkout / "deploy" / "container"
    token = (folder / "token").read_text().strip()
    eventually(lambda: ask(engine, token, "/readyz"), within=30)
    add_camera(engine, token)
    engine.run("docker compose down", folder)
    assert engine.says("docker ps -aq") == ""


@pytest.mark.usefixtures("stand_ins")
def test_compose_starts_a_cluster_that_outlives_an_instance(engine: Engine, checkout: Path) -> None:
    engine.run(without_build(commands("Compose")[1]), checkout)
    folder = checkout / "deploy" / "container"
    compose = "docker compose --env-file cluster.env -f compose.cluster.yaml"
    (token,) = re.findall(r"^FANLIGHT_TOKEN=(.+)$", (folder / "cluster.env").read_text(), re.MULTILINE)
    eventually(lambda: ask(engine, token, "/readyz"), within=60)
    add_camera(engine, token)

    def owners() -> list[str]:
        """The instances whose FFmpeg makes the camera's pictures, instead of decoding those of another."""
        names = engine.says("docker ps --format '{{.Names}}'").splitlines()
        return [name for name in names if "lavfi" in engine.says(f"docker top {name} -ww -eo pid,args")]

    (owner,) = owners()
    engine.run(f"docker kill {owner}")
    eventually(lambda: has_picture(engine, token), within=30)
    assert owners() != [owner]
    stored = f"{compose} exec -T redis grep -raq '{{}}' /data"
    engine.run(stored.format("fanlight"), folder)
    assert engine.run(stored.format(token), folder, check=False).returncode == 1, "no secret is in Redis' files"

"""The container image: what is in it, and its life where nothing but its volume can be written to."""

import json
import os
import re
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from package.conftest import PACKAGES, said_by
from package.container import STATE, Container, Image
from rig.waiting import eventually

pytestmark = pytest.mark.timeout(120)

TOKEN = "open-sesame-open-sesame"
BEARER = ("-H", f"Authorization: Bearer {TOKEN}")
PROGRAM = "usr/lib/fanlight-server/fanlight-server"
FFMPEG = "usr/lib/fanlight-server/fanlight-ffmpeg"
DOC = "usr/share/doc/fanlight-server"
#: For how long it goes on after SIGTERM, and how long it may take then, in seconds.
DRAIN, END = 1, 5
#: The most that the image takes on disk, in bytes.
LARGEST = 250e6


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    assert PACKAGES
    archive = Path(PACKAGES) / "container" / "fanlight-server.tar"
    if not archive.exists():
        pytest.skip("no container image was built: that needs root, buildah, debootstrap and runc")
    return Image(archive, tmp_path_factory.mktemp("image"))


@pytest.fixture(scope="module")
def volume(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("volumes") / "state"


@pytest.fixture(scope="module")
def running(image: Image, volume: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    env = {"FANLIGHT_TOKEN": TOKEN, "FANLIGHT_DRAIN": str(DRAIN)}
    started = time.monotonic()
    with Container(image, tmp_path_factory.mktemp("running"), volume, env) as container:
        container.wait_healthy()
        print(f"healthy {time.monotonic() - started:.2f} s after its start")
        yield container


def picture_of(container: Container) -> bytes:
    return container.ask("/api/streams/door/frame?format=jpeg&width=640", *BEARER)


# What is in it


def test_it_is_small_enough_and_says_what_it_is(image: Image) -> None:
    print(f"{image.size / 1e6:.1f} MB")
    assert image.size < LARGEST
    labels = image.config["Labels"]
    told = said_by(str(image.root / PROGRAM), "--version").split()
    assert labels["org.opencontainers.image.version"] == told[1]
    assert labels["org.opencontainers.image.licenses"] == "MIT AND GPL-3.0-or-later"
    assert image.config["Volumes"] == {f"/{STATE}": {}}
    assert image.config["ExposedPorts"] == {"8080/tcp": {}}


def test_no_secret_is_in_its_environment_and_no_file_raises_rights(image: Image) -> None:
    assert [one for one in image.config["Env"] if re.search("TOKEN|KEY|PASSWORD", one)] == []
    files = [path for path in image.root.rglob("*") if path.is_file() and not path.is_symlink()]
    assert len(files) > 10
    raising = [path for path in files if path.stat().st_mode & (stat.S_ISUID | stat.S_ISGID)]
    open_to_all = [path for path in files if path.stat().st_mode & stat.S_IWOTH]
    owned = [path for path in files if path.stat().st_uid == image.user[0]]
    assert (raising, open_to_all, owned) == ([], [], [])


def test_it_carries_the_licences_and_the_offer_of_its_own_ffmpeg(image: Image) -> None:
    texts = ("copyright", "GPL-3.0.txt", "FFMPEG-SOURCE.txt", "THIRD-PARTY.txt")
    assert {path.name for path in (image.root / DOC).iterdir()} == set(texts)
    version = re.match(r"ffmpeg version (\S+)", said_by(str(image.root / FFMPEG), "-version"))
    assert version
    assert f"version:        {version[1]}\n" in (image.root / DOC / "FFMPEG-SOURCE.txt").read_text()
    named = (image.root / DOC / "THIRD-PARTY.txt").read_text()
    for name in ("tokio", "retina", "react"):
        assert re.search(rf"^{name} \d\S*$", named, re.MULTILINE), name


# Its life


def test_without_a_token_it_does_not_start(image: Image, tmp_path: Path) -> None:
    with Container(image, tmp_path, tmp_path / "state", {}) as container:
        assert container.wait(10) == 1
        assert "FANLIGHT_TOKEN" in container.log()


def test_it_serves_a_picture_by_the_ffmpeg_it_came_with(running: Container, image: Image) -> None:
    added = json.dumps({"stream_id": "door", "rtsp_url": "demo:"})
    running.ask("/api/streams", *BEARER, "-H", "Content-Type: application/json", "-d", added)
    picture = eventually(lambda: picture_of(running), within=15)
    assert picture.startswith(b"\xff\xd8\xff")
    assert len(picture) > 2000
    programs = {os.readlink(f"/proc/{child.pid}/exe") for child in psutil.Process(running.pid).children()}
    assert programs == {f"/{FFMPEG}"}
    assert b"<!doctype html" in running.ask("/").lower()


def test_it_gives_out_the_client_libraries(running: Container) -> None:
    clients = json.loads(running.ask("/api/clients", *BEARER))
    assert running.ask(clients["python"]).startswith(b"PK")
    assert running.ask(clients["javascript"]).startswith(b"\x1f\x8b")


def test_it_runs_without_rights_and_as_nobody(running: Container, image: Image) -> None:
    lines = Path(f"/proc/{running.pid}/status").read_text().splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    assert status["NSpid"].split()[-1] == "1"
    assert set(status["Uid"].split()) == {str(image.user[0])} != {"0"}
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"] == "1"


def test_its_root_is_read_only_and_its_state_is_in_the_volume(running: Container, volume: Path) -> None:
    mounts = [line.split() for line in Path(f"/proc/{running.pid}/mounts").read_text().splitlines()]
    writable = {where for _, where, kind, options, *_ in mounts if "rw" in options.split(",") and kind != "proc"}
    # What an engine hides below /proc is /dev/null in fact; the rest is devices, which nobody without rights makes.
    writable = {where for where in writable if not where.startswith(("/dev", "/proc/"))}
    assert writable == {"/tmp", f"/{STATE}"}
    for folder in ("", "etc", "usr/lib/fanlight-server"):
        with pytest.raises(OSError, match="Read-only file system"):
            (Path(f"/proc/{running.pid}/root") / folder / "written").touch()
    assert stat.S_IMODE((volume / "cameras.json").stat().st_mode) == 0o600


def test_the_health_check_tells_a_server_that_hangs(running: Container) -> None:
    assert "Fanlight lives on 127.0.0.1:8080" in running.healthcheck().stdout
    running.signal(signal.SIGSTOP)
    try:
        done = running.healthcheck()
        assert done.returncode == 1
        assert "does not answer within" in done.stderr
    finally:
        running.signal(signal.SIGCONT)
    running.wait_healthy()


def test_sigterm_ends_it_in_time_and_the_next_one_has_its_cameras(
    running: Container, image: Image, volume: Path, tmp_path: Path
) -> None:
    running.signal(signal.SIGTERM)
    told = time.monotonic()
    assert running.wait(DRAIN + END) == 0, running.log()
    took = time.monotonic() - told
    print(f"ended {took:.2f} s after SIGTERM, with a drain of {DRAIN} s")
    assert took > DRAIN
    with Container(image, tmp_path, volume, {"FANLIGHT_TOKEN": TOKEN}) as container:
        container.wait_healthy()
        assert eventually(lambda: picture_of(container), within=15).startswith(b"\xff\xd8\xff")

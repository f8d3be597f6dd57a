"""The server's package: what is in it, and its life on a system that systemd booted."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from package import lintian
from package.conftest import said_by

Journey = dict[str, Any]

pytestmark = pytest.mark.timeout(240)


def field(deb: Path, name: str) -> str:
    return said_by("dpkg-deb", "-f", str(deb), name).strip()


@pytest.fixture(scope="module")
def files(server_deb: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("server-deb")
    said_by("dpkg-deb", "-x", str(server_deb), str(folder))
    return folder


# What is in it


def test_it_has_all_files_and_clashes_with_no_desktop(files: Path) -> None:
    found = {str(path.relative_to(files)) for path in files.rglob("*") if not path.is_dir()}
    doc = "usr/share/doc/fanlight-server"
    texts = ("copyright", "changelog.gz", "GPL-3.0.txt", "FFMPEG-SOURCE.txt", "THIRD-PARTY.txt")
    assert found == {
        "etc/fanlight/fanlight.toml",
        "usr/bin/fanlight-server",
        "usr/lib/fanlight-server/fanlight-ffmpeg",
        "usr/lib/fanlight-server/fanlight-server",
        "usr/lib/systemd/system/fanlight-server.service",
        "usr/lib/systemd/system/fanlight-server.socket",
        "usr/share/lintian/overrides/fanlight-server",
        "usr/share/man/man8/fanlight-server.8.gz",
        *(f"{doc}/{name}" for name in texts),
    }


def test_its_fields_say_what_it_needs(server_deb: Path) -> None:
    assert field(server_deb, "Package") == "fanlight-server"
    depends = field(server_deb, "Depends").split(", ")
    assert "adduser" in depends
    assert any(re.fullmatch(r"libc6 \(>= 2\.\d+\)", one) for one in depends), depends
    assert "/etc/fanlight/fanlight.toml" in said_by("dpkg-deb", "-I", str(server_deb), "conffiles")


@pytest.mark.parametrize("name", ["tokio", "retina", "sd-notify", "listenfd", "react"])
def test_what_is_compiled_in_is_named(files: Path, name: str) -> None:
    text = (files / "usr/share/doc/fanlight-server/THIRD-PARTY.txt").read_text()
    assert re.search(rf"^{re.escape(name)} \d\S*$", text, re.MULTILINE)
    assert not re.search(r"^tauri \d", text, re.MULTILINE)


def test_the_offer_and_the_copyright_are_of_its_own_ffmpeg(files: Path) -> None:
    told = said_by(str(files / "usr/lib/fanlight-server/fanlight-ffmpeg"), "-version")
    version = re.match(r"ffmpeg version (\S+)", told)
    assert version
    doc = files / "usr/share/doc/fanlight-server"
    assert f"version:        {version[1]}\n" in (doc / "FFMPEG-SOURCE.txt").read_text()
    copyrights = (doc / "copyright").read_text()
    assert "Files: usr/lib/fanlight-server/fanlight-ffmpeg\n" in copyrights
    assert "/usr/share/doc/fanlight/" not in copyrights


def test_the_configuration_and_the_manual_name_what_there_is(files: Path) -> None:
    program = files / "usr/lib/fanlight-server/fanlight-server"
    text = (files / "etc/fanlight/fanlight.toml").read_text()
    commented = re.sub(r"^#(?=[a-z_]+ = )", "", text, flags=re.MULTILINE)
    (files / "all.toml").write_text(commented)
    printed = said_by(str(program), "--config", str(files / "all.toml"), "--print-config")
    names = re.findall(r"^([a-z_]+) = ", commented, re.MULTILINE)
    assert len(names) > 8
    assert [name for name in names if not re.search(rf"^{name} = .* # file$", printed, re.MULTILINE)] == []
    manual = gzip.decompress((files / "usr/share/man/man8/fanlight-server.8.gz").read_bytes()).decode()
    help_text = said_by(str(program), "--help") + said_by(str(program), "check", "--help")
    for option in re.findall(r"\\-\\-((?:[a-z]|\\-)+)", manual):
        assert f"--{option.replace(chr(92), '')}" in help_text, option


@pytest.mark.timeout(300)
def test_lintian_has_nothing_to_say_that_is_not_explained(server_deb: Path) -> None:
    assert lintian.unexplained(server_deb) == []


# Its life


def test_installing_it_starts_and_enables_the_service(server_journey: Journey) -> None:
    assert server_journey["installed"]["code"] == 0, server_journey["installed"]["said"]
    assert "failure" not in server_journey, server_journey
    used = server_journey["used"]
    assert used["live"], server_journey["log"]
    assert used["enabled"] == "enabled"
    state = used["state"]
    assert (state["ActiveState"], state["Type"], state["NRestarts"]) == ("active", "notify", "0")
    assert state["StatusText"].startswith("Serving on http://127.0.0.1:8080")


def test_it_runs_as_its_own_user_without_rights(server_journey: Journey) -> None:
    used = server_journey["used"]
    process = used["process"]
    assert process["Uid"] == str(used["user"]) != "0"
    assert (process["NoNewPrivs"], process["Seccomp"]) == ("1", "2")
    assert int(process["CapEff"], 16) == int(process["CapBnd"], 16) == 0
    assert used["files"] == {"/var/lib/fanlight/cameras.json": "0o100600", "/var/lib/fanlight": "0o40700"}
    level = re.search(r"exposure level for \S+: (\d+\.\d)", used["security"])
    assert level, used["security"]
    assert float(level[1]) < 3


def test_a_picture_comes_by_the_ffmpeg_it_came_with(server_journey: Journey) -> None:
    used = server_journey["used"]
    assert used["picture"]["start"] == "ffd8ff", server_journey["log"]
    assert used["picture"]["bytes"] > 2000
    assert used["ffmpegs"] == ["/usr/lib/fanlight-server/fanlight-ffmpeg"]


def test_a_check_beside_the_service_finds_all_well(server_journey: Journey) -> None:
    check = server_journey["used"]["check"]
    assert check["code"] == 0, check["said"]
    report = json.loads(check["out"])
    assert report["ok"]
    assert [camera["stream_id"] for camera in report["cameras"]] == ["door"]


def test_systemctl_reload_changes_what_it_can(server_journey: Journey) -> None:
    seen = server_journey["reloaded"]
    assert (seen["before"], seen["good"]["code"], seen["after"]) == (403, 0, True), seen
    assert seen["status"], "a mistake in the configuration is in the status"
    assert seen["still"], "the process is the same"


def test_a_server_that_hangs_is_started_again(server_journey: Journey) -> None:
    assert server_journey["hung"] == {"again": True, "restarts": "1", "cameras": ["door"]}, server_journey["log"]


def test_a_long_drain_is_given_its_time(server_journey: Journey) -> None:
    seen = server_journey["drained"]
    assert 17 <= seen["seconds"] < 25, seen
    assert seen["result"] == {"Result": "success", "ActiveState": "inactive"}


def test_the_socket_unit_starts_it_at_the_first_request(server_journey: Journey) -> None:
    seen = server_journey["activated"]
    assert (seen["before"], seen["after"], seen["cameras"]) == ("inactive", "active", ["door"]), seen


def test_an_upgrade_keeps_the_cameras(server_journey: Journey) -> None:
    seen = server_journey["upgraded"]
    assert seen["installed"]["code"] == 0, seen["installed"]["said"]
    assert (seen["version"], seen["another"]) == ("99.0", True), seen
    assert seen["cameras"] == ["door"]
    assert seen["picture"]["start"] == "ffd8ff", server_journey["log"]


def test_removing_it_ends_it_and_keeps_the_data(server_journey: Journey) -> None:
    seen = server_journey["removed"]
    assert seen["code"] == 0, seen["said"]
    assert seen["active"] == "inactive"
    assert seen["kept"] == ["/var/lib/fanlight/cameras.json", "/etc/fanlight/fanlight.toml"]


def test_purging_it_leaves_nothing(server_journey: Journey) -> None:
    seen = server_journey["purged"]
    assert seen["code"] == 0, seen["said"]
    assert (seen["left"], seen["user"]) == ([], False)

"""What is in the packages, by the tools that read them: programs, licences, desktop entry, dependencies."""

import gzip
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from package import lintian
from package.conftest import said_by

#: Where each of these is has to be found by whoever looks for it.
IN_BOTH = [
    "/usr/bin/fanlight",
    "/usr/bin/fanlight-ffmpeg",
    "/usr/share/applications/Fanlight.desktop",
    "/usr/share/icons/hicolor/32x32/apps/fanlight.png",
    "/usr/share/icons/hicolor/128x128/apps/fanlight.png",
    "/usr/share/icons/hicolor/scalable/apps/fanlight.svg",
    "/usr/share/man/man1/fanlight.1.gz",
    "/usr/share/man/man1/fanlight-ffmpeg.1.gz",
    "/usr/share/metainfo/io.fanlight.desktop.metainfo.xml",
]
LICENCES = ["GPL-3.0.txt", "FFMPEG-SOURCE.txt", "THIRD-PARTY.txt"]


def field(deb: Path, name: str) -> str:
    return said_by("dpkg-deb", "-f", str(deb), name).strip()


def test_the_deb_has_all_files(unpacked: Path) -> None:
    doc = [f"/usr/share/doc/fanlight/{name}" for name in [*LICENCES, "copyright", "changelog.gz"]]
    missing = [path for path in [*IN_BOTH, *doc] if not Path(f"{unpacked}{path}").is_file()]
    assert not missing


def test_the_rpm_has_all_files(rpm: Path) -> None:
    files = said_by("rpm", "-qlp", str(rpm)).split()
    licences = [f"/usr/share/licenses/fanlight/{name}" for name in [*LICENCES, "LICENSE"]]
    assert set(files) == {*IN_BOTH, *licences, "/usr/share/icons/hicolor/256x256@2/apps/fanlight.png"}


def test_the_deb_depends_on_what_it_runs_with(deb: Path) -> None:
    depends = field(deb, "Depends").split(", ")
    assert {"libwebkit2gtk-4.1-0", "libgtk-3-0"} <= set(depends)
    assert any(re.fullmatch(r"libc6 \(>= 2\.\d+\)", one) for one in depends), depends


def test_the_deb_recommends_codecs_and_the_tray(deb: Path) -> None:
    recommends = set(field(deb, "Recommends").split(", "))
    assert {"gstreamer1.0-libav", "gstreamer1.0-plugins-bad", "libayatana-appindicator3-1"} <= recommends


def test_the_rpm_requires_libraries_by_the_names_every_distribution_has(rpm: Path) -> None:
    requires = said_by("rpm", "-qpR", str(rpm)).splitlines()
    assert {"libwebkit2gtk-4.1.so.0()(64bit)", "libgtk-3.so.0()(64bit)"} <= set(requires)
    assert any(re.fullmatch(r"libc\.so\.6\(GLIBC_2\.\d+\)\(64bit\)", one) for one in requires), requires


def test_the_rpm_recommends_codecs_and_the_tray(rpm: Path) -> None:
    recommends = set(said_by("rpm", "-qp", "--recommends", str(rpm)).split())
    assert recommends == {
        "gstreamer1-plugin-libav",
        "gstreamer1-plugins-bad-free",
        "gstreamer1-plugins-good",
        "libayatana-appindicator-gtk3",
    }


def test_both_say_that_a_part_is_under_the_gpl(rpm: Path, unpacked: Path) -> None:
    assert said_by("rpm", "-qp", "--queryformat", "%{LICENSE}", str(rpm)) == "MIT AND GPL-3.0-or-later"
    text = (unpacked / "usr/share/doc/fanlight/copyright").read_text()
    assert "Files: usr/bin/fanlight-ffmpeg\nCopyright: 2000-2026 the FFmpeg developers" in text
    assert "License: GPL-3+" in text


def test_the_offer_is_of_the_very_ffmpeg_that_is_shipped(unpacked: Path) -> None:
    told = said_by(str(unpacked / "usr/bin/fanlight-ffmpeg"), "-version")
    version = re.match(r"ffmpeg version (\S+)", told)
    configuration = re.search(r"configuration: (.+)", told)
    assert version
    assert configuration
    offer = (unpacked / "usr/share/doc/fanlight/FFMPEG-SOURCE.txt").read_text()
    assert f"version:        {version[1]}\n" in offer
    listed = " ".join(re.findall(r"^  (--.+)$", offer, re.MULTILINE))
    assert listed == configuration[1].strip()
    for part in ("https://git.ffmpeg.org/ffmpeg.git", "github.com/BtbN/FFmpeg-Builds", "Written offer", "three years"):
        assert part in offer


def test_the_gpl_is_there_in_full(unpacked: Path) -> None:
    text = (unpacked / "usr/share/doc/fanlight/GPL-3.0.txt").read_text()
    assert "Version 3, 29 June 2007" in text
    assert "END OF TERMS AND CONDITIONS" in text


@pytest.mark.parametrize("name", ["tauri", "tokio", "retina", "turbojpeg-sys", "react", "i18next", "lucide-react"])
def test_what_is_compiled_in_is_named(unpacked: Path, name: str) -> None:
    text = (unpacked / "usr/share/doc/fanlight/THIRD-PARTY.txt").read_text()
    assert re.search(rf"^{re.escape(name)} \d\S*$", text, re.MULTILINE)


def test_the_desktop_entry_is_valid_and_speaks_german(unpacked: Path) -> None:
    entry = unpacked / "usr/share/applications/Fanlight.desktop"
    assert said_by("desktop-file-validate", str(entry)) == ""
    text = entry.read_text()
    for key in ("Comment[de]=", "Keywords=", "Keywords[de]=", "StartupWMClass=fanlight\n", "Categories=AudioVideo;"):
        assert f"\n{key}" in text


def test_the_store_entry_is_valid_and_leads_to_the_desktop_entry(unpacked: Path) -> None:
    entry = unpacked / "usr/share/metainfo/io.fanlight.desktop.metainfo.xml"
    said_by("appstreamcli", "validate", "--no-net", str(entry))
    tree = ElementTree.parse(entry)
    launchable = tree.findtext("launchable")
    assert launchable
    assert (unpacked / "usr/share/applications" / launchable).is_file()
    release = tree.find("releases/release")
    assert release is not None
    assert re.fullmatch(r"\d+\.\d+\.\d+", release.get("version") or "")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", release.get("date") or "")


def test_the_manual_names_the_variables_that_the_program_reads(unpacked: Path) -> None:
    text = gzip.decompress((unpacked / "usr/share/man/man1/fanlight.1.gz").read_bytes()).decode()
    program = (unpacked / "usr/bin/fanlight").read_bytes()
    names = re.findall(r"^\.B ([A-Z_]{4,})$", text, re.MULTILINE)
    assert len(names) >= 4
    assert [name for name in names if name.encode() not in program] == []


@pytest.mark.timeout(300)
def test_lintian_has_nothing_to_say_that_is_not_explained(deb: Path) -> None:
    """The overrides in the package say why; without a publisher, nobody's address is missing."""
    assert lintian.unexplained(deb) == []

"""Packages on a system: installed by its own tools, started as a person does, removed without a trace."""

from collections.abc import Callable
from typing import Any

import pytest

Journey = Callable[[str], dict[str, Any]]
KINDS = ["deb", "rpm"]
#: Folders that every system with rpm has, of its own packages.
USUAL = {
    "usr/share/icons/hicolor/256x256@2",
    "usr/share/icons/hicolor/256x256@2/apps",
    "usr/share/licenses",
}

pytestmark = pytest.mark.timeout(240)


@pytest.mark.parametrize("kind", KINDS)
def test_it_installs(journey: Journey, kind: str) -> None:
    installed = journey(kind)["installed"]
    assert installed["code"] == 0, installed["said"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_installed_app_opens_its_window(journey: Journey, kind: str) -> None:
    used = journey(kind)["used"]
    assert "failure" not in used, used
    # Found by the class that the desktop entry names, so that desktops put it under its icon.
    assert used["windows"] == ["Fanlight"], used["log"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_comes_by_the_ffmpeg_it_came_with(journey: Journey, kind: str) -> None:
    used = journey(kind)["used"]
    assert used["added"]["stream_id"] == "door", used
    assert used["picture"]["start"] == "ffd8ff", used
    assert used["picture"]["bytes"] > 2000, used
    assert used["decoders"] >= 1, used["programs"]
    others = [path for path in used["programs"] if "ffmpeg" in path and path != "/usr/bin/fanlight-ffmpeg"]
    assert not others


@pytest.mark.parametrize("kind", KINDS)
def test_it_ends_in_time_and_leaves_no_process(journey: Journey, kind: str) -> None:
    used = journey(kind)["used"]
    assert used["seconds_to_end"] < 5, used["log"]
    assert used["left"] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_removing_it_leaves_nothing(journey: Journey, kind: str) -> None:
    seen = journey(kind)
    assert seen["removed"]["code"] == 0, seen["removed"]["said"]
    assert set(seen["remains"]) - (USUAL if kind == "rpm" else set()) == set()

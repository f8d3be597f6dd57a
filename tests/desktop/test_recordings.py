"""Keeping what a camera shows: pictures and recordings, made and saved in the window."""

import time
from pathlib import Path
from typing import Any

import cv2

from desktop import screen
from desktop.app import App
from desktop.page import Page
from rig.movie import length
from rig.waiting import eventually


def live(page: Page) -> None:
    page.click("empty-try-demo")
    page.wait_live("demo")
    page.wait_dialog_closed()


def kept(app: App) -> dict[str, Any]:
    """The newest recording that is complete, once there is one."""

    def look() -> list[dict[str, Any]]:
        every = app.ask("GET", "/api/recordings").json["recordings"]
        return [one for one in every if not one["in_progress"]]

    return eventually(look)[0]


def test_a_picture_is_saved_from_the_menu_of_a_tile(app: App, page: Page, tmp_path: Path) -> None:
    live(page)
    target = tmp_path / "demo.jpg"
    page.choose("demo", "tile-picture")
    screen.save_as(target)
    eventually(lambda: "demo.jpg" in page.driver.find_element("tag name", "body").text)
    video = app.stream("demo")["video"]
    assert cv2.imread(str(target)).shape == (video["height"], video["width"], 3)


def test_the_last_seconds_become_a_clip_that_is_saved_elsewhere(app: App, page: Page, tmp_path: Path) -> None:
    live(page)
    time.sleep(3)
    page.choose("demo", "tile-clip")
    clip = kept(app)
    assert clip["kind"] == "clip"
    assert abs(length(Path(clip["file"])) - clip["duration_seconds"]) < 0.1
    assert clip["duration_seconds"] > 2

    # What tells of the clip covers a corner of the window until then.
    page.click_on("[data-sonner-toast] [data-action]")
    assert page.driver.execute_script("return location.hash").endswith(f"play={clip['id']}")
    page.wait_toasts_gone()
    target = tmp_path / "clip.mp4"
    page.click("player-save")
    screen.save_as(target)
    eventually(target.exists)
    assert eventually(lambda: target.read_bytes() == Path(clip["file"]).read_bytes())


def test_a_recording_by_hand_is_in_the_library_and_whole(app: App, page: Page) -> None:
    live(page)
    page.choose("demo", "tile-record")
    eventually(lambda: app.stream("demo")["recording"] == "recording")
    time.sleep(2)
    page.choose("demo", "tile-record")
    recording = kept(app)
    assert length(Path(recording["file"])) > 1.5
    page.driver.execute_script("location.hash = '#/recordings'")
    assert page.wait_for(f"recording-{recording['id']}")

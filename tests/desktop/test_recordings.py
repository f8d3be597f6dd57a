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

    # What tells of it stays for some seconds, and nothing of the player is under it.
    page.click_on("[data-sonner-toast] [data-action]")
    assert page.driver.execute_script("return location.hash").endswith(f"play={clip['id']}")
    target = tmp_path / "clip.mp4"
    page.click("player-save")
    screen.save_as(target)
    eventually(target.exists)
    assert eventually(lambda: target.read_bytes() == Path(clip["file"]).read_bytes())


PLAYER = """
const video = document.querySelector('[data-testid="player-video"]');
return video && { at: video.currentTime, length: video.duration, width: video.videoWidth, height: video.videoHeight };
"""
SEEK = """document.querySelector('[data-testid="player-video"]').currentTime = arguments[0]"""
#: What a WebKit that lacks a decoder answers.
NO_DECODER = """
for (const source of [window.ManagedMediaSource, window.MediaSource]) {
    if (!source) continue;
    source.prototype.addSourceBuffer = () => { throw new DOMException('no decoder', 'NotSupportedError'); };
}
"""


class Player:
    """The video that the page plays."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def told(self) -> dict[str, Any]:
        assert not self.page.find("player-broken"), self.page.text("player-broken")
        return self.page.driver.execute_script(PLAYER) or {"at": 0.0}

    def plays(self, beyond: float) -> dict[str, Any]:
        """What it says once it has come further than this second by itself."""

        def moved() -> dict[str, Any]:
            told = self.told()
            assert told["at"] > beyond, told
            return told

        return eventually(moved, within=20)

    def seek(self, second: float) -> None:
        self.page.driver.execute_script(SEEK, second)


def record(app: App, seconds: float) -> None:
    """Records the demo camera, until the recording is this long."""
    assert app.ask("POST", "/api/streams/demo/recording", {}).status == 200

    def long_enough() -> bool:
        recordings = app.ask("GET", "/api/recordings").json["recordings"]
        return any(recording["duration_seconds"] >= seconds for recording in recordings)

    eventually(long_enough, within=seconds + 15)


def test_a_recording_plays_in_the_window(app: App, page: Page) -> None:
    live(page)
    record(app, 8)
    assert app.ask("DELETE", "/api/streams/demo/recording").status == 200
    recording = kept(app)
    page.driver.execute_script(f"location.hash = '#/recordings?play={recording['id']}'")
    player = Player(page)
    told = player.plays(beyond=1)
    assert (told["width"], told["height"]) == (recording["width"], recording["height"])
    assert abs(told["length"] - recording["duration_seconds"]) < 0.2
    # Ahead and back, further than what is played by then.
    player.seek(6)
    assert player.plays(beyond=6.5)["at"] < 8.5
    player.seek(0.5)
    assert 0.5 < player.plays(beyond=1)["at"] < 5


def test_a_recording_plays_while_it_is_written(app: App, page: Page) -> None:
    live(page)
    record(app, 3)
    (recording,) = app.ask("GET", "/api/recordings").json["recordings"]
    assert recording["in_progress"]
    page.driver.execute_script(f"location.hash = '#/recordings?play={recording['id']}'")
    player = Player(page)
    assert player.plays(beyond=0.5)["at"] < 5
    # More than there was when it began.
    player.plays(beyond=recording["duration_seconds"] + 1)


def test_what_the_window_cannot_play_is_said_and_can_be_saved(app: App, page: Page, tmp_path: Path) -> None:
    live(page)
    page.driver.execute_script(NO_DECODER)
    record(app, 2)
    assert app.ask("DELETE", "/api/streams/demo/recording").status == 200
    recording = kept(app)
    page.driver.execute_script(f"location.hash = '#/recordings?play={recording['id']}'")
    assert page.wait_for("player-broken", within=15)
    target = tmp_path / "recording.mp4"
    page.click("player-save")
    screen.save_as(target)
    eventually(target.exists)
    assert eventually(lambda: target.read_bytes() == Path(recording["file"]).read_bytes())


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

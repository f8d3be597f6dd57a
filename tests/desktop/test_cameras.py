"""Cameras in the window: added, refused with a reason, removed, and still there after a restart."""

import time
from collections.abc import Callable

from desktop.app import App
from desktop.page import LIVE, Page
from rig.camera import Cameras, free_port
from rig.waiting import eventually


def test_a_camera_is_added_and_live(camera: Callable[..., Cameras], app: App, page: Page) -> None:
    cameras = camera()
    page.add_camera(cameras.url(), "Front door")
    page.wait_live("front-door")
    page.wait_dialog_closed()
    stream = app.stream("front-door")
    assert stream["name"] == "Front door"
    assert stream["video"]["width"] == cameras.clip.width


def test_the_tile_shows_what_the_camera_sends_now(camera: Callable[..., Cameras], page: Page) -> None:
    cameras = camera()
    page.add_camera(cameras.url(), "Front door")
    page.wait_live("front-door")
    numbers = []
    for _ in range(5):
        number = page.frame_number("front-door")
        assert number is not None
        now = cameras.schedule.n_at(time.time())
        numbers.append((now - number) % cameras.clip.frames)
        time.sleep(0.3)
    # Reading the picture out of the page takes some frames by itself.
    assert min(numbers) < 10, f"frames behind the camera: {numbers}"


def test_a_wrong_address_is_refused_inline(app: App, page: Page) -> None:
    page.add_camera("ftp://127.0.0.1/cam", "Wrong")
    told = eventually(lambda: page.text("add-error"))
    assert "rtsp" in told, told
    assert page.find("add-submit") is not None, "the form stays, to be corrected"
    assert app.streams() == {}


def test_an_unreachable_camera_tells_why(app: App, page: Page) -> None:
    page.add_camera(f"rtsp://127.0.0.1:{free_port()}/cam", "Nobody")
    status = eventually(lambda: app.streams().get("nobody", {}).get("status"))
    reason = eventually(lambda: app.stream("nobody")["status"]["error"], LIVE)["message"]
    eventually(lambda: reason.lower() in page.text("tile-status-nobody").lower(), LIVE)
    assert status["state"] != "online"


def test_a_wrong_password_is_told_and_the_right_one_works(camera: Callable[..., Cameras], app: App, page: Page) -> None:
    cameras = camera(user="viewer", password="p@ss ^%word")
    page.add_camera(cameras.url(password="wrong"), "Gate")
    eventually(lambda: app.streams().get("gate", {}).get("status", {}).get("state") == "auth_failed", LIVE)
    eventually(lambda: "Sign-in failed" in page.text("tile-status-gate"))
    app.ask("DELETE", "/api/streams/gate/force")
    app.ask("POST", "/api/streams", {"stream_id": "gate", "rtsp_url": cameras.url()})
    page.driver.refresh()
    page.wait_live("gate")


def test_a_camera_is_removed_after_a_question(camera: Callable[..., Cameras], app: App, page: Page) -> None:
    cameras = camera()
    page.add_camera(cameras.url(), "Front door")
    page.wait_live("front-door")
    page.wait_dialog_closed()

    page.remove_camera("front-door")
    page.wait_for("remove-confirm")
    assert "front-door" in app.streams(), "not before the answer"
    page.click("remove-confirm")

    page.wait_gone("tile-front-door")
    page.wait_for("empty-try-demo")
    assert app.streams() == {}
    eventually(lambda: cameras.connections().open == 0)


def test_cameras_persist_over_a_restart(camera: Callable[..., Cameras], app: App, page: Page) -> None:
    cameras = camera()
    page.add_camera(cameras.url(), "Front door")
    page.wait_live("front-door")
    app.stop()

    page = Page(app.start().driver)
    page.wait_live("front-door")
    assert page.tiles() == ["front-door"]
    assert app.stream("front-door")["name"] == "Front door"


def test_a_camera_that_a_script_starts_again_goes_on_in_its_tile(
    camera: Callable[..., Cameras], app: App, page: Page
) -> None:
    cameras = camera()
    body = {"stream_id": "cam", "rtsp_url": cameras.url()}
    app.ask("POST", "/api/streams", body)
    page.wait_live("cam")
    app.ask("DELETE", "/api/streams/cam/force")
    app.ask("POST", "/api/streams", body)
    page.wait_live("cam")
    eventually(lambda: app.stream("cam")["client_count"] == 1)


def test_a_damaged_camera_list_is_told_and_kept(app: App) -> None:
    app.data.mkdir()
    (app.data / "cameras.json").write_text('{"version": 1, "cameras": [')
    page = Page(app.start().driver)
    page.wait_for("empty-try-demo")
    told = eventually(lambda: page.driver.find_element("css selector", '[aria-live="polite"]').text)
    assert "cameras" in told, told
    kept = [file for file in app.data.iterdir() if file.name != "cameras.json"]
    assert any("cameras" in file.name for file in kept), "the damaged file is put aside, not overwritten"

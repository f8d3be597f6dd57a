"""One connection to a camera, whoever watches: the window, a Python script, and a plain HTTP reader at once."""

from collections.abc import Callable

from desktop.app import App
from desktop.page import Page
from rig import readers
from rig.camera import Cameras
from rig.readers import Reader, reading
from rig.waiting import eventually

#: A script that does not end for so many milliseconds.
HANG = "setTimeout((ms) => { const end = Date.now() + ms; while (Date.now() < end); }, 50, arguments[0])"


def test_the_window_and_scripts_share_one_connection(camera: Callable[..., Cameras], app: App, page: Page) -> None:
    cameras = camera(cameras=2)
    page.add_camera(cameras.url(0), "Front door")
    page.wait_live("front-door")
    page.wait_dialog_closed()
    page.add_camera(cameras.url(1), "Garden")
    page.wait_live("garden")
    page.wait_dialog_closed()

    python = Reader(readers.python_client, app.url, "front-door", (640, 360), seconds=4.0)
    with reading(python):
        python.first_frame()
        plain = app.ask("GET", "/api/streams/front-door/frame")
        assert plain.status == 200
        page.wait_live("front-door")
        page.wait_live("garden")
        assert app.stream("front-door")["client_count"] >= 2
        log = python.result()
    assert log.fps > 20, f"the script got {log.fps:.1f} fps beside the window"
    assert cameras.connections(0) == type(cameras.connections(0))(open=1, most=1, ever=1)
    assert cameras.connections(1) == type(cameras.connections(1))(open=1, most=1, ever=1)
    # The tile alone, and nobody for the other sizes.
    eventually(lambda: app.stream("front-door")["client_count"] == 1, within=15)


def test_the_demo_and_a_camera_are_live_side_by_side(camera: Callable[..., Cameras], page: Page) -> None:
    page.click("empty-try-demo")
    page.wait_live("demo")
    page.add_camera(camera().url(), "Front door")
    page.wait_dialog_closed()
    page.wait_live("front-door")
    page.wait_live("demo")


def test_a_reload_leaks_no_reader(app: App, page: Page) -> None:
    page.click("empty-try-demo")
    page.wait_live("demo")
    eventually(lambda: app.stream("demo")["client_count"] == 1)
    for _ in range(3):
        page.driver.refresh()
        page.wait_live("demo")
        eventually(lambda: app.stream("demo")["client_count"] == 1)
    assert len(app.stream("demo")["renditions"]) == 1


def test_a_page_that_hangs_gives_its_readers_back(app: App, page: Page) -> None:
    page.click("empty-try-demo")
    page.wait_live("demo")
    page.driver.execute_script(HANG, 14_000)
    eventually(lambda: app.stream("demo")["client_count"] == 0, within=13)
    # It goes on where it was, as after a pause in a debugger.
    page.wait_live("demo")
    assert app.stream("demo")["client_count"] == 1

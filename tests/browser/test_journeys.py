"""The core journeys, from an empty page to a camera that dies and comes back."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from browser.screen import Screen
from rig.camera import Cameras
from rig.server import Server
from rig.waiting import eventually


def test_first_run_to_the_demo(screen: Screen) -> None:
    expect(screen.page.get_by_role("heading", level=1)).to_be_visible()
    screen.by_id("empty-try-demo").click()
    screen.wait_live("demo")
    assert screen.server.state("demo") == "online"
    expect(screen.by_id("empty-try-demo")).to_have_count(0)


def test_a_wrong_password_is_told_mended_and_leads_to_the_picture(
    camera: Callable[..., Cameras], screen: Screen
) -> None:
    cameras = camera(user="admin", password="p@ss^w%rd")
    screen.begin_adding(cameras.url(password="wrong"), "Gate")
    screen.by_id("add-test").click()
    expect(screen.by_id("probe")).to_contain_text("refused the user or password")
    assert screen.server.streams() == [], "a test adds nothing"
    screen.by_id("add-password").fill("p@ss^w%rd")
    screen.by_id("add-test").click()
    expect(screen.by_id("probe").get_by_role("img")).to_be_visible()
    expect(screen.by_id("probe")).to_contain_text("640")
    screen.by_id("add-submit").click()
    screen.wait_live("gate")
    expect(screen.page.get_by_role("dialog")).to_have_count(0)
    assert "p@ss" not in screen.page.content(), "the page holds no password of a camera that is added"


def test_layouts_keys_and_wall_mode(cameras: Cameras, served: Server, screen: Screen) -> None:
    for number in range(2):
        served.add(f"cam{number}", cameras.url(number))
    screen.wait_live("cam0")
    screen.wait_live("cam1")
    assert screen.tiles_shown() == ["cam0", "cam1"]

    # One at a time, with pages.
    screen.by_id("layout").select_option(label="1 camera")
    eventually(lambda: screen.tiles_shown() == ["cam0"])
    screen.page.keyboard.press("PageDown")
    eventually(lambda: screen.tiles_shown() == ["cam1"])
    eventually(lambda: served.stream("cam0")["client_count"] == 0, within=10)
    screen.page.reload()
    eventually(lambda: len(screen.tiles_shown()) == 1)
    screen.by_id("layout").select_option(label="Automatic")
    eventually(lambda: len(screen.tiles_shown()) == 2)

    # Alone by its number, and back.
    screen.page.keyboard.press("2")
    eventually(lambda: screen.tiles_shown() == ["cam1"])
    screen.wait_live("cam1")
    screen.page.keyboard.press("Escape")
    eventually(lambda: screen.tiles_shown() == ["cam0", "cam1"])

    # Pictures only, and back.
    screen.page.keyboard.press("f")
    expect(screen.page.get_by_role("navigation")).to_have_count(0)
    screen.page.keyboard.press("Escape")
    expect(screen.page.get_by_role("navigation")).to_have_count(1)


def test_a_camera_dies_its_tile_tells_the_truth_and_it_comes_back(
    cameras: Cameras, served: Server, screen: Screen
) -> None:
    served.add("cam", cameras.url())
    screen.wait_live("cam")
    cameras.kill()
    screen.wait_status("cam", "Last picture")
    screen.wait_status("cam", "Next try in")
    before = screen.look("cam")
    assert before is not None, "the last picture stays"
    cameras.restart()
    expect(screen.tile("cam")).not_to_contain_text("Last picture", timeout=20_000)
    screen.wait_live("cam")


def test_reloads_leave_no_reader_behind(cameras: Cameras, served: Server, screen: Screen) -> None:
    served.add("cam", cameras.url())
    for _ in range(5):
        screen.wait_live("cam")
        screen.page.reload()
    screen.wait_live("cam")
    eventually(lambda: served.stream("cam")["client_count"] == 1, within=10)
    screen.page.close()
    eventually(lambda: served.stream("cam")["client_count"] == 0, within=10)


def test_a_token_is_asked_for_once_and_leads_back_to_where_one_was(
    cameras: Cameras, server: Callable[..., Server], context: BrowserContext
) -> None:
    token = "a-token-of-some-length"
    guarded = server(options=["--require-token"], env={"FANLIGHT_TOKEN": token})
    body = {"stream_id": "cam", "rtsp_url": cameras.url()}
    added = guarded.ask("POST", "/api/streams", body, headers={"Authorization": f"Bearer {token}"})
    assert added.status == 200, added.text

    screen = Screen(context.new_page(), guarded).open("/health")
    field = screen.page.locator("input[type=password]")
    field.fill("a-token-that-is-wrong")
    field.press("Enter")
    expect(screen.page.get_by_role("alert")).to_be_visible()
    field.fill(token)
    field.press("Enter")
    screen.page.wait_for_url("**/#/health")
    screen.open()
    screen.wait_live("cam")
    screen.page.reload()
    screen.wait_live("cam")
    assert token not in screen.page.content()
    assert token not in screen.page.evaluate("JSON.stringify(localStorage) + document.cookie")

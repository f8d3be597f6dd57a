"""Watching: tiles that change places, pictures that are looked at closely."""

from playwright.sync_api import expect

from browser.screen import Screen
from rig.camera import Cameras
from rig.server import Server
from rig.waiting import eventually


def show(cameras: Cameras, served: Server, screen: Screen) -> None:
    """Both cameras in their tiles, live."""
    for number in range(2):
        served.add(f"cam{number}", cameras.url(number))
    for number in range(2):
        screen.wait_live(f"cam{number}")


def test_tiles_change_places_by_mouse_and_by_keys(cameras: Cameras, served: Server, screen: Screen) -> None:
    show(cameras, served, screen)
    assert screen.tiles_shown() == ["cam0", "cam1"]

    # A click and the menu move nothing.
    screen.tile("cam0").click()
    screen.tile("cam0").hover()
    screen.by_id("tile-menu-cam0").click()
    screen.page.keyboard.press("Escape")
    expect(screen.by_id("moved")).to_be_empty()

    screen.drag("cam0", "cam1")
    eventually(lambda: screen.tiles_shown() == ["cam1", "cam0"])
    expect(screen.by_id("moved")).to_contain_text("have changed places")
    screen.wait_live("cam0")
    screen.wait_live("cam1")

    screen.page.reload()
    screen.wait_live("cam0")
    assert screen.tiles_shown() == ["cam1", "cam0"], "the order is kept"

    screen.by_id("layout").select_option(label="4 cameras")
    screen.tile("cam1").focus()
    for key in ("Space", "ArrowRight"):
        screen.page.keyboard.press(key)
    expect(screen.by_id("moved")).to_contain_text("Changes places with cam0")
    screen.page.keyboard.press("Escape")
    expect(screen.by_id("moved")).to_contain_text("stays where it was")
    assert screen.tiles_shown() == ["cam1", "cam0"]
    for key in ("Space", "ArrowRight", "Enter"):
        screen.page.keyboard.press(key)
    eventually(lambda: screen.tiles_shown() == ["cam0", "cam1"])
    expect(screen.tile("cam1")).to_be_focused()


def test_looking_closer(cameras: Cameras, served: Server, screen: Screen) -> None:
    show(cameras, served, screen)
    page, tile = screen.page, screen.tile("cam0")
    box = tile.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.wheel(0, -600)
    expect(screen.by_id("zoom-cam0")).to_have_text("4.0×")
    held = screen.place_of_picture("cam0")
    assert abs(held["x"] - box["x"]) < 40, "what is under the pointer stays there"
    assert held["width"] > 3.9 * box["width"]

    # A drag moves the picture now, and no tile.
    screen.drag("cam0", "cam1")
    expect(screen.by_id("moved")).to_be_empty()
    assert screen.tiles_shown() == ["cam0", "cam1"]
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] - 20, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 20, middle, steps=4)
    page.mouse.up()
    assert screen.place_of_picture("cam0")["x"] < held["x"] - 0.5 * box["width"]

    screen.by_id("zoom-cam0").click()
    expect(screen.by_id("zoom-cam0")).to_have_count(0)
    assert abs(screen.place_of_picture("cam0")["width"] - box["width"]) < 2

    # Alone, by keys.
    tile.dblclick()
    eventually(lambda: screen.tiles_shown() == ["cam0"])
    page.keyboard.press("+")
    expect(screen.by_id("zoom-cam0")).to_have_text("1.5×")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("0")
    expect(screen.by_id("zoom-cam0")).to_have_count(0)

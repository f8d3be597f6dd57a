"""Watching: tiles that change places, pictures that are looked at closely."""

import re

from playwright.sync_api import expect

from browser.screen import Screen
from rig.camera import Cameras, Model
from rig.clip import Clip
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
    expect(screen.by_id("zoom-cam0")).to_contain_text("4.0")
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
    expect(screen.by_id("zoom-cam0")).to_contain_text("1.5")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("0")
    expect(screen.by_id("zoom-cam0")).to_have_count(0)


def test_the_substream_in_tiles_the_main_one_alone_and_nothing_for_what_is_not_seen(
    served: Server, screen: Screen
) -> None:
    models = [
        Model(Clip(1280, 720, 1200, 100), "main"),
        Model(Clip(320, 180, 200, 100), "sub"),
        Model(Clip(320, 180, 200, 100), "other"),
    ]
    with Cameras(models=models) as site:
        served.add("gate", site.url(0), substream_url=site.url(1))
        # With ten cameras a tile is no larger than the substream.
        for number in range(9):
            served.add(f"yard{number}", site.url(2))
        screen.wait_live("gate")
        eventually(lambda: reads(served, "gate") == [("h264", "sub")], within=15)
        # Pictures came until the substream had told its codec; now the browser decodes.
        eventually(lambda: served.decoders() == [], within=20)

        screen.by_id("overlay").click()
        figures = screen.by_id("overlay-gate")
        expect(figures).to_contain_text("WebCodecs H.264", timeout=15_000)
        expect(figures).to_contain_text(re.compile("320.180"), timeout=15_000)

        screen.page.keyboard.press("1")
        eventually(lambda: reads(served, "gate") == [("h264", "main")], within=15)
        expect(figures).to_contain_text(re.compile("1280.720"), timeout=15_000)
        eventually(lambda: reads(served, "yard0") == [], within=10)

        screen.page.goto("about:blank")
        eventually(lambda: reads(served, "gate") == [], within=10)


def test_where_nothing_is_decoded_there_are_jpegs(cameras: Cameras, served: Server, screen: Screen) -> None:
    screen.page.add_init_script("Worker = undefined; delete globalThis.VideoDecoder;")
    screen.page.reload()
    served.add("cam0", cameras.url(0))
    screen.wait_live("cam0")
    assert [format for format, _ in reads(served, "cam0")] == ["jpeg"]
    screen.page.keyboard.press("o")
    expect(screen.by_id("overlay-cam0")).to_contain_text("JPEG", timeout=15_000)


def reads(served: Server, stream_id: str) -> list[tuple[str, str]]:
    """What is read of a camera, and from which of its streams."""
    answer = served.ask("GET", f"/api/streams/{stream_id}/consumers").json
    return [(consumer["format"], consumer["stream"]) for consumer in answer["consumers"]]

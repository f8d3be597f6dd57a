"""Pictures under the shell's own scheme, and saving and showing files."""

from pathlib import Path

import pytest

from desktop import screen
from desktop.app import App
from desktop.page import Page, Refused
from rig.waiting import eventually

SHOW = """
const [url, done] = [arguments[0], arguments[1]];
const image = new Image();
image.onload = () => done([image.naturalWidth, image.naturalHeight]);
image.onerror = () => done(null);
image.src = url;
"""
FETCH = """
const [url, options, done] = [arguments[0], arguments[1], arguments[2]];
fetch(url, options).then((a) => done(a.status), () => done('refused'));
"""
PICTURE = "/api/streams/demo/snapshot.jpg"


def url(path: str) -> str:
    return f"fanlight://localhost{path}"


def test_the_page_shows_pictures_of_the_api_and_nothing_else_of_it(app: App, page: Page) -> None:
    page.click("empty-try-demo")
    page.wait_live("demo")
    page.change(token_required=True)
    assert page.driver.execute_async_script(SHOW, url(f"{PICTURE}?width=320")) == [320, 180]
    assert page.driver.execute_async_script(FETCH, url(PICTURE), {}) == 200
    assert page.driver.execute_async_script(FETCH, url("/api/streams"), {}) == 404
    assert page.driver.execute_async_script(FETCH, url("/api/events"), {}) == 404
    assert page.driver.execute_async_script(FETCH, url(PICTURE), {"method": "POST"}) == 405


def test_a_picture_is_saved_where_the_person_wants_it(app: App, page: Page, tmp_path: Path) -> None:
    page.click("empty-try-demo")
    page.wait_live("demo")
    page.wait_dialog_closed()
    start = "window.saved = null; window.__TAURI_INTERNALS__.invoke('save_file', arguments[0]).then("
    start += "(path) => { window.saved = ['saved', path]; }, (why) => { window.saved = ['refused', why]; });"
    page.driver.execute_script(start, {"pathOfApi": PICTURE, "suggestedName": "Demo.jpg"})
    target = tmp_path / "shot.jpg"
    screen.save_as(target)
    assert eventually(lambda: page.driver.execute_script("return window.saved")) == ["saved", str(target)]
    assert target.read_bytes()[:3] == b"\xff\xd8\xff"
    assert list(tmp_path.iterdir()) == [target]

    page.driver.execute_script(start, {"pathOfApi": PICTURE, "suggestedName": "Demo.jpg"})
    screen.press(screen.wait_window("^Save"), "Escape")
    assert eventually(lambda: page.driver.execute_script("return window.saved")) == ["saved", None]


def test_what_is_no_file_of_ours_is_neither_saved_nor_shown(app: App, page: Page) -> None:
    with pytest.raises(Refused) as refused:
        page.invoke("save_file", pathOfApi="/api/events", suggestedName="x")
    assert refused.value.why["code"] == "not_a_file"
    with pytest.raises(Refused) as refused:
        page.invoke("save_file", pathOfApi="/api/streams/nobody/snapshot.jpg", suggestedName="x")
    assert refused.value.why["code"] == "not_available"
    for path, code in (("/etc/passwd", "not_ours"), (str(app.data / "gone"), "file_not_found")):
        with pytest.raises(Refused) as refused:
            page.invoke("reveal_file", path=path)
        assert refused.value.why["code"] == code

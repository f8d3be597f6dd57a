"""The first minute: an empty window, then live pictures without any hardware."""

import socket

from desktop import screen
from desktop.app import App
from desktop.page import Page
from rig.waiting import eventually


def test_the_demo_is_live_in_seconds(app: App, page: Page) -> None:
    page.click("empty-try-demo")
    page.wait_live("demo")
    assert app.stream("demo")["status"]["state"] == "online"
    page.wait_gone("empty-try-demo")


def test_the_window_tells_where_the_api_is(app: App, page: Page) -> None:
    eventually(lambda: page.text("api-address") == app.url)
    assert app.ask("GET", "/health").json["status"] == "healthy"


def test_a_taken_port_is_told_and_another_one_serves(app: App) -> None:
    with socket.create_server(("127.0.0.1", app.port)):
        page = Page(app.start().driver)
        address = eventually(lambda: page.text("api-address"))
        assert address != app.url
        told = page.driver.find_element("tag name", "body").text
        assert f"Port {app.port} is in use by another program" in told
    app.port = int(address.rsplit(":", 1)[1])
    assert app.ask("GET", "/health").json["status"] == "healthy"


def test_the_page_can_go_nowhere_else(app: App, page: Page) -> None:
    before = page.driver.current_url
    page.driver.execute_script("window.location.href = arguments[0]", app.url)
    page.driver.execute_script("window.open(arguments[0])", app.url)
    page.click("add-open")
    page.wait_for("add-url")
    assert page.driver.current_url == before
    assert len(page.driver.window_handles) == 1
    assert len(screen.windows(".*Fanlight.*")) == 1


def test_the_page_may_call_nothing_but_its_own_commands(page: Page) -> None:
    attempt = """
    const done = arguments[1];
    window.__TAURI_INTERNALS__.invoke(arguments[0], {}).then(() => done('allowed'), (e) => done(String(e)));
    """
    for command in ("plugin:shell|spawn", "plugin:dialog|open", "plugin:window|close", "plugin:event|emit"):
        assert "not allowed" in page.driver.execute_async_script(attempt, command), command
    assert not page.driver.execute_script("return '__TAURI__' in window")


def test_nothing_on_the_page_is_refused_by_its_content_security_policy(page: Page) -> None:
    page.driver.execute_script(
        "window.refused = []; document.addEventListener('securitypolicyviolation', (e) => window.refused.push("
        "`${e.violatedDirective} ${e.blockedURI}`))"
    )
    page.click("empty-try-demo")
    page.wait_live("demo")
    page.click("add-open")
    page.wait_for("add-url")
    assert page.driver.execute_script("return window.refused") == []
    stolen = page.driver.execute_async_script(
        "const done = arguments[1]; fetch(arguments[0]).then(() => done('sent'), () => done('refused'))",
        "http://127.0.0.1:9/",
    )
    assert stolen == "refused"
    assert page.driver.execute_script("return window.refused") != []


def test_the_theme_stays_over_a_restart_and_is_of_this_installation(app: App, page: Page) -> None:
    def theme(page: Page) -> str:
        page.wait_for("theme-toggle")
        return page.driver.execute_script("return document.documentElement.dataset.theme")

    before = theme(page)
    while theme(page) == before:
        page.click("theme-toggle")
    chosen = theme(page)
    # At once: what was chosen last is not lost.
    app.stop()
    assert theme(Page(app.start().driver)) == chosen
    app.stop()
    with App() as other:
        assert theme(Page(other.start().driver)) == before

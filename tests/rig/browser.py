"""A real Chromium, and web servers for the pages it opens. Everything is on loopback."""

import base64
import contextlib
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from rig import code_blocks
from rig.waiting import eventually

#: From opening a page to its first picture, in seconds, on a busy machine.
LIVE = 30.0
#: A browser that asks nobody but the pages under test.
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: Names that are not ours, as an attacker has them: they lead to this machine all the same.
HOSTILE = "evil.test"

GRAB = """
const canvas = document.querySelector('canvas');
if (!canvas || !canvas.width) return null;
const copy = document.createElement('canvas');
copy.width = canvas.width;
copy.height = canvas.height;
copy.getContext('2d').drawImage(canvas, 0, 0);
return copy.toDataURL('image/png').split(',')[1];
"""


class Browser:
    """One Chromium with a profile of its own; ended on leaving."""

    def __enter__(self) -> "Browser":
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        driver = shutil.which("chromedriver")
        assert chromium, "Chromium is missing; npm test installs it"
        assert driver, "ChromeDriver is missing; npm test installs it"
        self._profile = tempfile.mkdtemp(prefix="rig-chromium-")
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        rules = f"--host-resolver-rules=MAP {HOSTILE} 127.0.0.1"
        for flag in [*FLAGS, f"--user-data-dir={self._profile}", rules]:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(driver))
        self.driver.set_script_timeout(60)
        self.driver.set_page_load_timeout(30)
        return self

    def __exit__(self, *_: object) -> None:
        self.driver.quit()
        shutil.rmtree(self._profile, ignore_errors=True)

    def open(self, url: str) -> None:
        self.driver.get(url)

    @contextlib.contextmanager
    def before_pages(self, script: str) -> Iterator[None]:
        """Every page that is opened meanwhile begins with this script."""
        told = self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
        try:
            yield
        finally:
            self.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", told)

    def run(self, script: str, *arguments: Any) -> Any:
        """What an async function with this body returns in the page."""
        wrapped = f"""
        const given = [...arguments];
        const done = given.pop();
        (async (...args) => {{ {script} }})(...given).then(
            (value) => done({{ value }}), (error) => done({{ error: String(error) }}));
        """
        told = self.driver.execute_async_script(wrapped, *arguments)
        assert "error" not in told, told["error"]
        return told.get("value")

    def find(self, selector: str) -> Any | None:
        found = self.driver.find_elements(By.CSS_SELECTOR, selector)
        return found[0] if found else None

    def text(self, selector: str) -> str:
        """What an element says now, empty while there is none."""
        script = "return document.querySelector(arguments[0])?.textContent ?? ''"
        return str(self.driver.execute_script(script, selector)).strip()

    def wait_text(self, selector: str, pattern: str, within: float = LIVE) -> str:
        def told() -> str:
            text = self.text(selector)
            assert re.search(pattern, text), f"{selector} says {text!r}, not /{pattern}/; {self.console()}"
            return text

        return eventually(told, within, every=0.1)

    def console(self) -> list[str]:
        """What the browser complained of since this was last asked."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    # Pictures

    def picture(self) -> np.ndarray | None:
        """What the page's canvas shows now, BGR."""
        encoded = self.driver.execute_script(GRAB)
        if encoded is None:
            return None
        return cv2.imdecode(np.frombuffer(base64.b64decode(encoded), np.uint8), cv2.IMREAD_COLOR)

    def number(self) -> int | None:
        """The number that a simulated camera painted into what the canvas shows."""
        picture = self.picture()
        return None if picture is None else code_blocks.decode(picture)

    def sees_motion(self, within: float = LIVE) -> None:
        """Until five different numbers were seen."""
        seen: set[int] = set()

        def moved() -> bool:
            number = self.number()
            if number is not None:
                seen.add(number)
            assert len(seen) >= 5, f"the canvas showed {sorted(seen)}; {self.text('body')}; {self.console()}"
            return True

        eventually(moved, within)


class Pages:
    """A web server for a folder of pages, on a port of its own."""

    def __init__(self, folder: Path, headers: dict[str, str] | None = None) -> None:
        class Files(SimpleHTTPRequestHandler):
            def end_headers(self) -> None:
                self.send_header("Cache-Control", "no-store")
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                super().end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(folder)))
        self.port = self._server.server_port

    def __enter__(self) -> "Pages":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def url(self, path: str = "", host: str = "localhost") -> str:
        return f"http://{host}:{self.port}/{path}"

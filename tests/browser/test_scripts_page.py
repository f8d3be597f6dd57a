"""From a camera to a script that reads it: the code on the page, run as a person runs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from browser.screen import LIVE, Screen
from rig.camera import Cameras
from rig.server import ROOT, Server


@pytest.fixture
def page(context: BrowserContext, cameras: Cameras, served: Server) -> Screen:
    """The page of a server with one camera."""
    served.add("front-door", cameras.url(), name="Front door")
    served.wait_online("front-door")
    return Screen(context.new_page(), served).open("/scripts")


def code(page: Screen) -> str:
    """What the shown tab has to be saved as or run."""
    blocks = page.page.get_by_role("tabpanel").locator("pre").all_inner_texts()
    return max(blocks, key=len)


def test_the_code_of_the_page_runs_and_is_seen_to_arrive(page: Screen, tmp_path: Path) -> None:
    live = page.by_id("scripts-live")
    expect(live).to_have_attribute("data-state", "waiting")
    script = tmp_path / "camera.py"
    script.write_text(code(page))
    env = os.environ | {"PYTHONPATH": str(ROOT / "clients" / "python" / "src")}
    with subprocess.Popen([sys.executable, script], env=env, stdout=subprocess.PIPE, text=True) as reader:
        try:
            expect(live).to_contain_text("camera.py reads Front door", timeout=LIVE * 1000)
            expect(live).to_contain_text(str(reader.pid))
            assert reader.stdout is not None
            assert "(360, 640, 3)" in reader.stdout.readline()
        finally:
            reader.terminate()
    expect(live).to_contain_text("camera.py has read Front door", timeout=LIVE * 1000)


def test_video_capture_reads_what_its_tab_shows(page: Screen, tmp_path: Path) -> None:
    page.page.get_by_role("tab", name="Python VideoCapture").click()
    script = tmp_path / "camera.py"
    script.write_text(code(page))
    env = os.environ | {"PYTHONPATH": str(ROOT / "clients" / "python" / "src")}
    told = subprocess.run([sys.executable, script], env=env, capture_output=True, text=True, timeout=LIVE, check=True)
    assert told.stdout.endswith(", 3)\n"), told.stdout

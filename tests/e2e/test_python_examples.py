"""The examples of the Python package, and the code in its README, run as they stand."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from rig import code_blocks
from rig.camera import Cameras, free_port
from rig.server import ROOT
from rig.site import Site

#: It measures, and what runs beside it would be measured too.
pytestmark = pytest.mark.alone

PACKAGE = ROOT / "clients" / "python"
README = (PACKAGE / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def run(site: Site, *command: str, cwd: Path | None = None) -> tuple[int, str, str]:
    told = subprocess.run(
        [sys.executable, *command],
        env=os.environ | {"FANLIGHT_URL": site.server.url},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=45,
    )
    assert "Traceback" not in told.stderr, told.stderr
    return told.returncode, told.stdout, told.stderr


def example(site: Site, name: str, *arguments: str) -> tuple[int, str, str]:
    return run(site, str(PACKAGE / "examples" / name), *arguments)


def test_a_detectors_loop(site: Site, tmp_path: Path) -> None:
    picture = tmp_path / "last.png"
    url = site.cameras.url()
    # Ten frames a second are asked for, and each takes a quarter of one.
    code, out, err = example(site, "detect.py", url, "--frames", "15", "--think", "0.25", "--save", str(picture))
    assert code == 0, err
    told = re.search(r"15 frames, (\d+) passed over, (\d+) boxes", out)
    assert told, out
    assert int(told[1]) >= 12, "what the model was too slow for is counted"
    assert int(told[2]) >= 1
    ages = [int(age) for age in re.findall(r"(\d+) ms after capture", out)]
    assert sorted(ages)[len(ages) // 2] < 400, "the newest frame, however slow the model is"
    assert cv2.imread(str(picture)).shape == (360, 640, 3)


def test_a_detectors_loop_says_what_is_wrong(site: Site) -> None:
    code, _, err = example(site, "detect.py", f"rtsp://127.0.0.1:{free_port()}/stream", "--frames", "1")
    assert code == 1
    assert err.strip()


def test_four_cameras_in_step(site: Site, camera: Callable[..., Cameras], tmp_path: Path) -> None:
    four = camera(cameras=4)
    picture = tmp_path / "together.png"
    urls = [four.url(number) for number in range(4)]
    code, out, err = example(site, "four_cameras.py", *urls, "--sets", "10", "--save", str(picture))
    assert code == 0, out + err
    apart = [int(ms) for ms in re.findall(r"set \d+: (\d+) ms apart", out)]
    assert len(apart) == 10
    assert max(apart) <= 50
    together = cv2.imread(str(picture))
    assert together.shape == (360, 640, 3)
    numbers = [code_blocks.decode(together[y : y + 180, x : x + 320]) for y in (0, 180) for x in (0, 320)]
    assert None not in numbers
    assert max(numbers) - min(numbers) <= 2 or max(numbers) - min(numbers) >= four.clip.frames - 2


def test_asyncio_cameras(site: Site) -> None:
    urls = [site.cameras.url(number) for number in range(2)]
    code, out, err = example(site, "asyncio_cameras.py", *urls, "--seconds", "6")
    assert code == 0, err
    for url in urls:
        counts = [int(count) for count in re.findall(re.escape(url) + r": (\d+) frames", out)]
        assert len(counts) == 6
        assert counts[-1] >= 15


@pytest.mark.parametrize("block", BLOCKS, ids=[block.split("\n")[0] for block in BLOCKS])
def test_the_readme(site: Site, block: str, tmp_path: Path) -> None:
    cameras = iter(range(2))
    code = re.sub(r"rtsp://[^\"]+", lambda _: site.cameras.url(next(cameras)), block)
    code = code.replace("http://localhost:8080", f"http://localhost:{site.server.port}")
    script = tmp_path / "readme.py"
    script.write_text(code)
    status, out, err = run(site, str(script), cwd=tmp_path)
    assert status == 0, err
    if "print" in code:
        assert out.strip()


def test_every_example_is_in_the_readme() -> None:
    for file in (PACKAGE / "examples").glob("*.py"):
        assert f"examples/{file.name}" in README

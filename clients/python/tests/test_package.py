"""The package as it is handed out: what the wheel and the sdist hold, and that the wheel works alone."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy
import pytest

ROOT = Path(__file__).parents[1]

#: A build on a machine that is busy with others.
pytestmark = pytest.mark.timeout(120)


def run(*command: str, cwd: Path, path: str = "") -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": path, "PATH": "", "PYTHONNOUSERSITE": "1"}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both, built by what is installed here: nothing is fetched."""
    pytest.importorskip("build")
    pytest.importorskip("hatchling")
    to = tmp_path_factory.mktemp("dist")
    told = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(to), str(ROOT), cwd=to)
    assert told.returncode == 0, told.stdout + told.stderr
    return to


def test_the_wheel_holds_the_modules_and_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("fanlight-*-py3-none-any.whl")
    held = zipfile.ZipFile(wheel)
    names = {name for name in held.namelist() if ".dist-info/" not in name}
    sources = {str(file.relative_to(ROOT / "src")) for file in (ROOT / "src").rglob("*.py")}
    assert names == sources | {"fanlight/py.typed"}
    (entry_points,) = (name for name in held.namelist() if name.endswith("entry_points.txt"))
    assert "fanlight = fanlight.cli:main" in held.read(entry_points).decode()


def test_the_sdist_holds_what_the_tests_need(built: Path) -> None:
    (sdist,) = built.glob("fanlight-*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    needed = {"README.md", "LICENSE", "tests/test_package.py", "examples/canny.py", "src/fanlight/py.typed"}
    assert needed <= names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_the_wheel_works_with_numpy_alone(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path)
    # Of all that is installed here, numpy alone is let in.
    (tmp_path / "numpy").symlink_to(Path(numpy.__file__).parent)
    libraries = Path(numpy.__file__).parent.with_name("numpy.libs")
    if libraries.exists():
        (tmp_path / "numpy.libs").symlink_to(libraries)
    code = (
        "import fanlight, python_client, video_import, sys;"
        "assert not {'cv2', 'typer', 'rich'} & set(sys.modules);"
        "assert not fanlight.VideoCapture('rtsp://127.0.0.1:1/x').isOpened();"
        "print(fanlight.__version__)"
    )
    told = run(sys.executable, "-S", "-c", code, cwd=tmp_path, path=str(tmp_path))
    assert told.stdout.strip(), told.stderr
    told = run(sys.executable, "-S", "-m", "fanlight", "list", cwd=tmp_path, path=str(tmp_path))
    assert told.returncode == 1
    assert told.stderr.strip() == "The command line needs two more packages: pip install 'fanlight[cli]'"
    webcam = "import fanlight; fanlight.VideoCapture(0)"
    told = run(sys.executable, "-S", "-c", webcam, cwd=tmp_path, path=str(tmp_path))
    assert "No module named 'cv2'" in told.stderr


def test_the_repository_installs_what_the_tests_need() -> None:
    tomllib = pytest.importorskip("tomllib")
    installed = ROOT.parents[1] / "tests" / "requirements.txt"
    if not installed.exists():
        pytest.skip("not in the repository")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(extras["dev"]) <= set(installed.read_text().splitlines())

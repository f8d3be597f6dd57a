"""The JavaScript package as it is published, and pages that are built with it."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from rig.server import ROOT

CLIENT = ROOT / "clients" / "js"


def command(*words: str, cwd: Path) -> str:
    """What a command says; fails with everything it said."""
    told = subprocess.run(
        words,
        cwd=cwd,
        env=os.environ | {"NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=80,
    )
    assert told.returncode == 0, f"{' '.join(words)}:\n{told.stdout}\n{told.stderr}"
    return told.stdout


@dataclass(frozen=True)
class Package:
    """What `npm pack` made. The package's own dist/ is as new."""

    tarball: Path
    #: The React example, built by Vite.
    react: Path


def pack(into: Path) -> Package:
    """Build and pack the package, and build its React example with it."""
    made = command("npm", "pack", "--pack-destination", str(into), cwd=CLIENT).split()[-1]
    react = into / "react"
    example = CLIENT / "examples" / "react"
    node(tool("vite", "vite.js"), "build", "--outDir", str(react), "--emptyOutDir", cwd=example)
    return Package(into / made, react)


def tool(package: str, name: str) -> str:
    """The path of a program of this repository's npm packages."""
    return str(ROOT / "node_modules" / package / "bin" / name)


def node(*arguments: str, cwd: Path) -> str:
    return command("node", *arguments, cwd=cwd)


def fresh_app(package: Package, folder: Path, files: dict[str, str]) -> None:
    """A new npm project with these files, which has the packed package installed.

    React and Vite are those of this repository, linked: what is tested is the package, not them.
    """
    for name, text in files.items():
        (folder / name).write_text(text)
    command("npm", "install", "--offline", "--no-audit", "--no-fund", str(package.tarball), cwd=folder)
    installed = folder / "node_modules" / "fanlight-client"
    assert not installed.is_symlink(), "a copy, as whoever installs it has it"
    for name in ("react", "react-dom", "vite", "@vitejs", "@types"):
        (folder / "node_modules" / name).symlink_to(ROOT / "node_modules" / name)

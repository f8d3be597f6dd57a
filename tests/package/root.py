"""A root of its own for a package: this system's files, with a layer on top that takes every change.

So a package is really installed, by the system's own tools and onto its own dependencies, and nothing of it
stays. Network, processes and screen are its own, too. Run as root: `journey_of` is what tests call.
"""

import contextlib
import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
NAMESPACES = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child"]
#: What the tools that install keep for themselves.
BOOKS = ("var/lib/dpkg", "var/lib/rpm", "var/log", "var/cache", "root", "tmp", "run")
#: A user's environment: FANLIGHT_FFMPEG above all is not in it.
ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "LOG_LEVEL": "debug",
    "DEBIAN_FRONTEND": "noninteractive",
    # A software screen composes faster without layers.
    "WEBKIT_DISABLE_COMPOSITING_MODE": "1",
}


def way_in() -> list[str] | None:
    """What runs a command as root in namespaces of its own; None where that is not allowed."""
    for prefix in ([], ["sudo", "-n"]):
        command = [*prefix, *NAMESPACES]
        with contextlib.suppress(OSError):
            if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
                return command
    return None


def journey_of(kind: str, package: Path) -> dict[str, Any]:
    """What `journey` saw of the package, and under `remains` which files were there after its removal."""
    inside = way_in()
    assert inside is not None
    command = [*inside, "/usr/bin/python3", str(HERE / "root.py"), kind, str(package)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(done.stdout))


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def loopback_up() -> None:
    """A new network namespace has its loopback down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        set_flags, up_and_running = 0x8914, 0x41
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh", b"lo", up_and_running))


def layered(place: Path) -> tuple[Path, Path]:
    """Mounts the root; where it is, and where its changes are."""
    mount("--make-rprivate", "/")
    # In memory, as a layer cannot lie on another one, which containers have as their disk.
    mount("-t", "tmpfs", "-o", "size=2g", "tmpfs", str(place))
    upper, work, root = (place / name for name in ("upper", "work", "root"))
    for folder in (upper, work, root):
        folder.mkdir()
    mount("-t", "overlay", "overlay", "-o", f"lowerdir=/,upperdir={upper},workdir={work}", str(root))
    mount("-t", "proc", "proc", str(root / "proc"))
    mount("--rbind", "/dev", str(root / "dev"))
    for name in ("tmp", "run", "root"):
        mount("-t", "tmpfs", "tmpfs", str(root / name))
    return root, upper


def remains(upper: Path) -> list[str]:
    """Files and folders that were not there before, apart from the tools' own books."""
    found = []
    for path in upper.rglob("*"):
        name = path.relative_to(upper).as_posix()
        if not name.startswith(BOOKS) and not path.is_char_device() and not os.path.lexists(f"/{name}"):
            found.append(name)
    return sorted(found)


def main(kind: str, package: str) -> None:
    loopback_up()
    with tempfile.TemporaryDirectory(prefix="fanlight-root-") as folder:
        root, upper = layered(Path(folder))
        inside = f"/tmp/package.{kind}"
        shutil.copy(package, f"{root}{inside}")
        shutil.copy(HERE / "journey.py", root / "tmp")
        command = ["chroot", str(root), "/usr/bin/python3", "/tmp/journey.py", kind, inside]
        done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        seen = json.loads(done.stdout)
        seen["remains"] = remains(upper)
        print(json.dumps(seen))
        # The mounts go with their namespace; the folder is empty without them.
        subprocess.run(["umount", "--recursive", "--lazy", folder], check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A root of its own that systemd has booted: what a server's package does there is what it does on a machine.

Run as root in namespaces; becomes systemd, whose one job is `server_journey`. `server_journey_of` is what tests call.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))

from package.root import layered, loopback_up, mount, way_in  # noqa: E402

SYSTEMD = "/lib/systemd/systemd"
#: How long the journey may take before it is given up, in seconds.
LONGEST = 150
#: The journey, and the end of everything after it.
JOB = f"""[Unit]
DefaultDependencies=no
Wants=systemd-journald.socket systemd-journald.service
After=systemd-journald.socket systemd-journald.service
[Service]
Type=oneshot
TimeoutStartSec={LONGEST}
ExecStart=/usr/bin/python3 /out/server_journey.py /out/package.deb
StandardOutput=file:/out/said
StandardError=file:/out/said
ExecStopPost=/bin/systemctl exit --force
"""


class NotBooted(Exception):
    """There is no systemd, or it may not run in namespaces here."""


def server_journey_of(package: Path) -> dict[str, Any]:
    """What `server_journey` saw of the package."""
    inside = way_in()
    if inside is None or not Path(SYSTEMD).exists():
        raise NotBooted("packages are installed in namespaces by systemd, which need root")
    with tempfile.TemporaryDirectory(prefix="fanlight-booted-") as name:
        folder = Path(name)
        out = folder / "out"
        (folder / "place").mkdir()
        out.mkdir()
        shutil.copy(package, out / "package.deb")
        shutil.copy(HERE / "server_journey.py", out)
        command = [*inside, "--cgroup", "--ipc", "--uts", "/usr/bin/python3", str(Path(__file__).resolve()), name]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST + 30, check=False)
        said = out / "said"
        if not said.exists():
            raise NotBooted(f"systemd did not boot: {done.stdout}{done.stderr}")
        seen = out / "seen.json"
        assert seen.exists(), said.read_text() + done.stdout + done.stderr
        return dict(json.loads(seen.read_text()))


def main(folder: Path) -> None:
    loopback_up()
    root, upper = layered(folder / "place")
    mount("-t", "sysfs", "-o", "ro", "sysfs", str(root / "sys"))
    mount("-t", "cgroup2", "cgroup2", str(root / "sys/fs/cgroup"))
    for name, source in (("out", folder / "out"), ("upper", upper)):
        (root / name).mkdir()
        mount("--bind", str(source), str(root / name))
    # Images of containers forbid that services are started.
    (root / "usr/sbin/policy-rc.d").unlink(missing_ok=True)
    (root / "etc/systemd/system/journey.service").write_text(JOB)
    # Not chroot: from inside of one, services could not get a user namespace of their own.
    (root / "old").mkdir()
    os.chdir(root)
    subprocess.run(["pivot_root", ".", "old"], check=True)
    os.chdir("/")
    subprocess.run(["umount", "--lazy", "/old"], check=True)
    environment = {"container": "fanlight-test", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    quiet = ["--show-status=no", "--log-level=err", "--log-target=console"]
    os.execve(SYSTEMD, ["systemd", "--system", "--unit=journey.service", *quiet], environment)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

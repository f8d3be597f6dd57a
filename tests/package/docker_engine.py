"""A Docker Engine of our own, away from any other: its network, its containers and its images go with it.

No registry is reached here, so the images of others that the files name are made of Debian's packages.
"""

import os
import shutil
import subprocess
import uuid
from pathlib import Path

from rig.waiting import eventually

#: What Debian calls the programs that this needs.
WANTED = {
    "dockerd": "docker.io",
    "docker": "docker.io",
    "docker-compose": "docker-compose",
    "debootstrap": "debootstrap",
}

#: Makes `docker compose` of Compose 1, which Debian has. A plugin is asked who it is, and is given its own name first.
PLUGIN = """#!/bin/sh
[ "$1" = docker-cli-plugin-metadata ] && exec echo '{"SchemaVersion": "0.1.0", "Vendor": "Debian", "Version": "1"}'
shift
exec docker-compose "$@"
"""

#: As the image that the files name has it: it may run as anybody, who writes to /tmp alone.
NGINX = """pid /tmp/nginx.pid;
error_log /dev/stderr notice;
events {}
http {
    client_body_temp_path /tmp/client_temp;
    proxy_temp_path /tmp/proxy_temp;
    fastcgi_temp_path /tmp/fastcgi_temp;
    uwsgi_temp_path /tmp/uwsgi_temp;
    scgi_temp_path /tmp/scgi_temp;
    access_log /dev/stdout;
    include /etc/nginx/conf.d/*.conf;
}
"""


def missing() -> str | None:
    """What keeps an engine from running here, in words, or None."""
    if os.getuid() != 0:
        return "that needs root"
    lacking = sorted({package for program, package in WANTED.items() if not shutil.which(program)})
    return f"not installed: {', '.join(lacking)}" if lacking else None


class Engine:
    """dockerd in a network namespace, from which its published ports are reached."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._network = f"docker-{uuid.uuid4().hex[:8]}"
        self._log = folder / "dockerd.log"
        plugins = folder / "client" / "cli-plugins"
        plugins.mkdir(parents=True)
        (plugins / "docker-compose").write_text(PLUGIN)
        (plugins / "docker-compose").chmod(0o755)
        self._env = os.environ | {"DOCKER_HOST": f"unix://{folder}/socket", "DOCKER_CONFIG": str(folder / "client")}
        self._within = ["nsenter", f"--net=/run/netns/{self._network}"]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Engine":
        subprocess.run(["ip", "netns", "add", self._network], check=True)
        subprocess.run(["ip", "-n", self._network, "link", "set", "lo", "up"], check=True)
        places = {"data-root": "data", "exec-root": "exec", "pidfile": "pid"}
        options = [f"--{option}={self._folder / name}" for option, name in places.items()]
        with self._log.open("wb") as log:
            command = [*self._within, "dockerd", *options, "-H", f"unix://{self._folder}/socket"]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        eventually(self._answers, within=30)
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()
        assert self._process is not None
        self._process.terminate()
        self._process.wait(30)
        subprocess.run(["ip", "netns", "delete", self._network], check=True)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()[-2000:]
        return self.run("docker version", check=False).returncode == 0

    def run(self, script: str, cwd: Path | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs what a person types at a machine with this engine."""
        shell = ["bash", "-euo", "pipefail", "-c", script]
        done = subprocess.run(
            [*self._within, *shell], cwd=cwd, env=self._env, capture_output=True, text=True, check=False, timeout=300
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def says(self, script: str, cwd: Path | None = None) -> str:
        return self.run(script, cwd).stdout.strip()

    def clear(self) -> None:
        """Ends and removes all containers, with their volumes and networks."""
        self.run("docker ps -aq | xargs -r docker rm -f -v", check=False)
        self.run("docker volume ls -q | xargs -r docker volume rm; docker network prune -f", check=False)

    def load(self, archive: Path, name: str) -> None:
        """Takes in a saved image under a name."""
        loaded = self.says(f"docker load -q -i '{archive}'").removeprefix("Loaded image: ")
        self.run(f"docker tag '{loaded}' '{name}'")

    def make_stand_ins(self, redis: str, nginx: str) -> None:
        """Images of Debian's Redis and nginx, under the names of those that no registry gives us."""
        root = self._folder / "root"
        wanted = ["--variant=minbase", "--include=redis-server,nginx-light,curl", "bookworm"]
        subprocess.run(["debootstrap", *wanted, str(root)], check=True, capture_output=True)
        (root / "etc/nginx/nginx.conf").write_text(NGINX)
        (root / "etc/nginx/conf.d").mkdir(exist_ok=True)
        (root / "data").mkdir()
        os.chown(root / "data", 999, 999)
        serve = """--change 'CMD ["nginx", "-g", "daemon off;"]'"""
        self.run(f"tar -C '{root}' -c . | docker import --change 'WORKDIR /data' - '{redis}'")
        self.run(f"tar -C '{root}' -c . | docker import --change 'USER 101' {serve} - '{nginx}'")
        shutil.rmtree(root)

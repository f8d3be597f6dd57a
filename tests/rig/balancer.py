"""Load balancers in front of instances, with the configurations that Fanlight ships."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rig.camera import free_port
from rig.http import Answer, send
from rig.server import ROOT
from rig.waiting import eventually

#: The host that people type, as the shipped configurations name it.
HOST = "cameras.example"
#: How many instances these name.
PLACES = 3


class Balancer:
    """One load balancer on loopback. Started on entering, ended on leaving.

    Of the shipped configuration only addresses are replaced: where it listens, and the instances'.
    """

    def __init__(self, kind: str, instances: Sequence[int], token: str) -> None:
        #: Which one: nginx or haproxy.
        self.kind = kind
        self.port = free_port()
        self._token = token
        self._home = Path(tempfile.mkdtemp(prefix=f"rig-{kind}-"))
        # Its workers are another user.
        self._home.chmod(0o755)
        self._error_log = self._home / "error.log"
        # A place that nobody has is an instance that is down.
        self._instances = [*instances, *[free_port() for _ in range(PLACES - len(instances))]]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Balancer":
        command = {"nginx": self._nginx, "haproxy": self._haproxy}[self.kind]()
        with self._error_log.open("ab") as log:
            env = os.environ | {"FANLIGHT_TOKEN": self._token}
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=env)
        try:
            eventually(self._serving, within=5)
        except AssertionError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
        shutil.rmtree(self._home, ignore_errors=True)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        timeout: float = 15.0,
    ) -> Answer:
        """Ask as a program that has the token, unless `headers` say otherwise."""
        return send(self.port, method, path, body, self.headers if headers is None else headers, timeout)

    @property
    def headers(self) -> dict[str, str]:
        return {"Host": HOST, "Authorization": f"Bearer {self._token}"}

    def _serving(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._error_log.read_text()
        try:
            return self.ask("GET", "/livez").status == 200
        except OSError:
            return False

    def _rendered(self, shipped: str, listens: str, here: str) -> Path:
        text = (ROOT / "deploy" / shipped).read_text()
        places = [(listens, here)]
        places += [(f"fanlight-{n}:8080", f"127.0.0.1:{port}") for n, port in enumerate(self._instances, 1)]
        for there, instead in places:
            assert text.count(there) == 1, f"{there} is {text.count(there)} times in {shipped}"
            text = text.replace(there, instead)
        rendered = self._home / Path(shipped).name
        rendered.write_text(text)
        return rendered

    def _nginx(self) -> list[str]:
        shipped = self._rendered("nginx/fanlight.conf", "listen 8080;", f"listen 127.0.0.1:{self.port};")
        folders = "".join(
            f"    {what}_temp_path {self._home / what};\n"
            for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        whole = self._home / "nginx.conf"
        whole.write_text(
            f"daemon off;\npid {self._home / 'pid'};\nevents {{}}\n"
            f"http {{\n    access_log off;\n{folders}    include {shipped};\n}}\n"
        )
        return [program("nginx"), "-p", str(self._home), "-e", str(self._error_log), "-c", str(whole)]

    def _haproxy(self) -> list[str]:
        shipped = self._rendered("haproxy/haproxy.cfg", "bind :8080", f"bind 127.0.0.1:{self.port}")
        return [program("haproxy"), "-db", "-f", str(shipped)]


def program(name: str) -> str:
    """Where Debian puts daemons, which is not on everybody's PATH."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    assert found, f"{name} is not installed"
    return found

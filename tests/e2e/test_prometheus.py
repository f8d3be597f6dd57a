"""deploy/prometheus and deploy/grafana against a live server, scraped by a real Prometheus."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from rig.camera import Cameras, free_port
from rig.http import send
from rig.plugin import SMALL
from rig.server import ROOT, Server
from rig.waiting import eventually

DEPLOY = ROOT / "deploy"
RULES = DEPLOY / "prometheus" / "fanlight.rules.yml"
#: Names in PromQL that are metrics of ours.
METRIC = re.compile(r"\bfanlight_\w+")
#: What Grafana puts in place of its variables, as it does when everything is chosen.
VARIABLES = {"$instance": ".*", "$camera": ".*", "$__rate_interval": "10s"}


def promtool(*arguments: str) -> None:
    program = shutil.which("promtool")
    assert program, "promtool is missing; npm test installs it"
    done = subprocess.run([program, *arguments], capture_output=True, text=True, cwd=RULES.parent, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_are_sound_and_fire_when_they_should() -> None:
    promtool("check", "rules", RULES.name)
    promtool("check", "config", "prometheus.yml")
    promtool("test", "rules", "fanlight.rules.test.yml")


class Prometheus:
    """A Prometheus that scrapes one server each second."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.port = free_port()
        text = (DEPLOY / "prometheus" / "prometheus.yml").read_text()
        for ours, here in [("127.0.0.1:8080", f"127.0.0.1:{server.port}"), ("15s", "1s")]:
            assert ours in text
            text = text.replace(ours, here)
        (folder / "prometheus.yml").write_text(text)
        # The waiting of the rules is promtool's to test.
        rules = re.sub(r"^ +for: .*\n", "", RULES.read_text(), flags=re.MULTILINE)
        (folder / RULES.name).write_text(rules)
        program = shutil.which("prometheus")
        assert program, "Prometheus is missing; npm test installs it"
        self._process = subprocess.Popen(
            [
                program,
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def end(self) -> None:
        self._process.kill()
        self._process.wait()

    def ask(self, path: str) -> dict:
        try:
            answer = send(self.port, "GET", path)
        except OSError as error:
            raise AssertionError(f"Prometheus does not answer yet: {error}") from error
        assert answer.status == 200, answer.text
        return answer.json["data"]

    def query(self, expression: str) -> list[dict]:
        return self.ask(f"/api/v1/query?query={quote(expression)}")["result"]

    def alerts(self) -> set[tuple[str, str]]:
        alerts = self.ask("/api/v1/alerts")["alerts"]
        return {(alert["labels"]["alertname"], alert["labels"].get("camera", "")) for alert in alerts}


@pytest.fixture
def scraped(tmp_path: Path) -> Iterator[tuple[Cameras, Server, Prometheus]]:
    with Cameras(SMALL) as cameras, Server() as server:
        prometheus = Prometheus(tmp_path, server)
        try:
            yield cameras, server, prometheus
        finally:
            prometheus.end()


def dashboard() -> list[str]:
    """Every expression of the dashboard, for all servers and cameras."""
    panels = json.loads((DEPLOY / "grafana" / "fanlight.json").read_text())["panels"]
    expressions = []
    for panel in panels:
        for target in panel["targets"]:
            text = target["expr"]
            for name, value in VARIABLES.items():
                text = text.replace(name, value)
            assert "$" not in text, text
            expressions.append(text)
    return expressions


def test_every_metric_in_use_is_there_and_a_dead_camera_raises_an_alert(
    scraped: tuple[Cameras, Server, Prometheus],
) -> None:
    cameras, server, prometheus = scraped
    server.add("cam", cameras.url())
    server.wait_online("cam")
    eventually(lambda: prometheus.query('fanlight_camera_up{camera="cam"} == 1'), within=20)

    used = set(METRIC.findall(RULES.read_text())) | {m for text in dashboard() for m in METRIC.findall(text)}
    assert "fanlight_camera_up" in used
    missing = {metric for metric in used if not prometheus.query(metric)}
    assert not missing
    # Rates need two scrapes.
    eventually(lambda: all(prometheus.query(expression) for expression in dashboard()), within=15)

    assert ("FanlightCameraDown", "cam") not in prometheus.alerts()
    cameras.kill()
    eventually(lambda: ("FanlightCameraDown", "cam") in prometheus.alerts(), within=20)
    cameras.restart()
    eventually(lambda: ("FanlightCameraDown", "cam") not in prometheus.alerts(), within=20)
    server.stop()
    eventually(lambda: ("FanlightDown", "") in prometheus.alerts(), within=20)

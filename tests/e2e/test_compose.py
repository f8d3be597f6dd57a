"""The Compose files: what they promise about rights and secrets, and that their parts fit each other."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from rig.camera import free_port
from rig.server import ROOT
from rig.waiting import eventually

FOLDER = ROOT / "deploy" / "container"
FILES = ("compose.yaml", "compose.cluster.yaml")
INSTANCES = ("fanlight-1", "fanlight-2", "fanlight-3")
#: The image's own health check is Fanlight's; it is looked at where the image is.
OURS = "${FANLIGHT_IMAGE:-fanlight-server}"


def of(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((FOLDER / name).read_text()))


def services(name: str) -> dict[str, dict[str, Any]]:
    return dict(of(name)["services"])


EVERY = [(name, service) for name in FILES for service in services(name)]


@pytest.mark.parametrize(("name", "service"), EVERY)
def test_a_service_has_no_rights_and_writes_to_its_volume_alone(name: str, service: str) -> None:
    it = services(name)[service]
    assert it["read_only"] is True
    assert it["cap_drop"] == ["ALL"]
    assert it["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & set(it)
    assert it["image"] == OURS or "healthcheck" in it
    assert it["image"] == OURS or re.search(r":\d+\.\d+\S*$", it["image"]), "a pinned version"


@pytest.mark.parametrize(("name", "service"), EVERY)
def test_a_secret_is_given_or_nothing_starts(name: str, service: str) -> None:
    for variable, value in (services(name)[service].get("environment") or {}).items():
        if re.search("TOKEN|PASSWORD|KEY", variable):
            assert re.fullmatch(r"\$\{[A-Z_]+:\?.+\}|/run/secrets/\w+", value), variable
    text = (FOLDER / name).read_text()
    assert re.findall(r"redis://:([^@]+)@", text) in ([], ["${REDIS_PASSWORD:?openssl rand -hex 32 makes one}"])


@pytest.mark.parametrize("name", FILES)
def test_only_this_machine_is_served_unless_somebody_says_so(name: str) -> None:
    ports = [port for service in services(name).values() for port in service.get("ports", [])]
    # The same outside as inside: an instance checks the port in the Host that it is addressed by.
    assert ports == ["127.0.0.1:8080:8080"]


def test_what_is_mounted_is_there() -> None:
    for name in FILES:
        volumes = of(name)["volumes"]
        for service in services(name).values():
            for mounted in service.get("volumes", []):
                source = mounted.split(":")[0]
                assert source in volumes or (FOLDER / source).is_file(), mounted
            if "build" in service:
                context = (FOLDER / service["build"]["context"]).resolve()
                assert (context / service["build"]["dockerfile"]).is_file()


def test_the_instances_are_those_that_the_balancer_knows() -> None:
    cluster = services("compose.cluster.yaml")
    assert tuple(name for name in cluster if cluster[name]["image"] == OURS) == INSTANCES
    for name in INSTANCES:
        environment = cluster[name]["environment"]
        assert environment["FANLIGHT_INSTANCE"] == name
        assert environment["FANLIGHT_ADVERTISE"] == f"http://{name}:8080"
        assert int(environment["FANLIGHT_DRAIN"]) + 5 < int(cluster[name]["stop_grace_period"].removesuffix("s"))
    known = re.findall(r"server (\S+):8080", (ROOT / "deploy/nginx/fanlight.conf").read_text())
    assert tuple(known) == INSTANCES == tuple(cluster["nginx"]["depends_on"])
    assert len({cluster[name]["volumes"][0] for name in INSTANCES}) == len(INSTANCES)


def test_redis_keeps_the_list_and_is_reached_by_the_instances_alone() -> None:
    cluster = of("compose.cluster.yaml")
    reached = {name for name, service in cluster["services"].items() if "back" in service["networks"]}
    assert reached == {"redis", *INSTANCES}
    assert cluster["networks"]["back"] == {"internal": True}
    assert "ports" not in cluster["services"]["redis"]


def test_its_redis_starts_as_it_is_told(tmp_path: Path) -> None:
    redis = services("compose.cluster.yaml")["redis"]
    port = free_port()
    shell, option, script = redis["entrypoint"]
    # As Compose reads it, in a folder and on a port of its own.
    script = script.replace("$$", "$").replace("--dir /data", f"--dir {tmp_path} --port {port} --bind 127.0.0.1")
    assert str(tmp_path) in script
    env = os.environ | {"REDIS_PASSWORD": "canary-51d0"}

    def ask(*command: str, password: str = "canary-51d0") -> str:
        told = subprocess.run(
            ["redis-cli", "-p", str(port), *command],
            env=os.environ | {"REDISCLI_AUTH": password},
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
        )
        return told.stdout

    process = subprocess.Popen([shell, option, script], env=env, stdout=subprocess.DEVNULL)
    try:
        eventually(lambda: ask("PING") == "PONG\n", within=10)
        assert "NOAUTH" in ask("PING", password="")
        assert ask("CONFIG", "GET", "maxmemory-policy").split() == ["maxmemory-policy", "noeviction"]
        assert ask("CONFIG", "GET", "appendonly").split() == ["appendonly", "yes"]
        command = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        assert command.startswith(b"redis-server")
        assert b"canary" not in command
    finally:
        process.terminate()
        assert process.wait(10) == 0

"""`fanlight-server health`, and the environment that a container gives a server."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from rig.camera import free_port
from rig.server import Server, server_binary

TOKEN = "open-sesame-open-sesame"


def health(*options: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [server_binary(), "health", *options]
    return subprocess.run(
        command, env=os.environ | (env or {}), capture_output=True, text=True, timeout=15, check=False
    )


def test_a_server_that_runs_lives(server: Callable[..., Server], tmp_path: Path) -> None:
    fanlight = server(env={"FANLIGHT_TOKEN": TOKEN})
    lives = f"Fanlight lives on 127.0.0.1:{fanlight.port}\n"
    config = tmp_path / "fanlight.toml"
    config.write_text(f"port = {fanlight.port}\n")
    for options, env in [
        (["--port", str(fanlight.port)], {}),
        ([], {"PORT": str(fanlight.port)}),
        (["--config", str(config)], {}),
    ]:
        done = health(*options, env=env)
        assert (done.returncode, done.stdout) == (0, lives), done.stderr


def test_it_is_asked_over_tls_where_it_serves_so(server: Callable[..., Server], tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", "/CN=cameras.example", "-days", "1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*made, *names], check=True, capture_output=True)
    tls = ["--tls-cert", str(certificate), "--tls-key", str(key)]
    fanlight = server(options=tls)
    # Its name is not the one in the certificate, and nobody signed that.
    done = health("--port", str(fanlight.port), *tls)
    assert done.returncode == 0, done.stderr
    assert health("--port", str(fanlight.port)).returncode == 1


def test_a_server_that_is_not_there_or_hangs_does_not_live(server: Callable[..., Server]) -> None:
    gone = health("--port", str(free_port()))
    assert gone.returncode == 1
    assert "does not answer: Connection refused" in gone.stderr
    fanlight = server()
    fanlight.send_signal(signal.SIGSTOP)
    try:
        asked = time.monotonic()
        hung = health("--port", str(fanlight.port))
        assert hung.returncode == 1
        assert "does not answer within 3 s" in hung.stderr
        assert time.monotonic() - asked < 5
    finally:
        fanlight.send_signal(signal.SIGCONT)


def test_it_says_what_it_cannot_ask(tmp_path: Path) -> None:
    config = tmp_path / "fanlight.toml"
    config.write_text("prot = 1\n")
    wrong = health("--config", str(config))
    assert wrong.returncode == 1
    assert "did you mean port?" in wrong.stderr
    unknown = health("--port", "0")
    assert unknown.returncode == 1
    assert "--port" in unknown.stderr
    assert health("--no-such-option").returncode == 2


def test_the_environment_says_where_it_serves_and_for_whom(server: Callable[..., Server]) -> None:
    env = {"FANLIGHT_HOST": "0.0.0.0", "FANLIGHT_TOKEN": TOKEN, "FANLIGHT_ALLOW_HOST": "a.example,b.example"}
    fanlight = server(env=env)
    assert fanlight.url.startswith("http://0.0.0.0:")
    for host, status in [("a.example", 200), ("b.example", 200), ("a.example,b.example", 403), ("c.example", 403)]:
        headers = {"Host": host, "Authorization": f"Bearer {TOKEN}"}
        assert fanlight.ask("GET", "/api/streams", headers=headers).status == status, host
    done = health("--port", str(fanlight.port), env=env)
    assert done.returncode == 0, done.stderr

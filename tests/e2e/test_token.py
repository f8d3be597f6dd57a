"""A server that asks for a token: how it comes by one, and whom it lets in."""

import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from websocket import WebSocketBadStatusException, create_connection

from rig.server import Server

TOKEN = "open-sesame-open-sesame"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_an_open_door_to_other_machines_is_refused(server: Callable[..., Server]) -> None:
    fanlight = server(options=["--host", "0.0.0.0"], start=False)
    fanlight.launch()
    assert fanlight.wait(10) != 0
    assert "--token-file" in fanlight.log()
    assert "Fanlight is serving" not in fanlight.stdout()


def test_other_machines_are_served_with_the_token_only(server: Callable[..., Server]) -> None:
    fanlight = server(options=["--host", "0.0.0.0"], env={"FANLIGHT_TOKEN": TOKEN})
    fanlight.ask("GET", "/api/streams").problem(401, "token_required")
    fanlight.ask("GET", "/api/streams", headers=bearer("open-sesame-open-sesamf")).problem(401, "token_refused")
    assert fanlight.ask("GET", "/api/streams", headers=bearer(TOKEN)).json == {"streams": []}
    # Nobody was named, so it may be addressed by address, but not by any name.
    address = {"Host": f"127.0.0.2:{fanlight.port}"} | bearer(TOKEN)
    assert fanlight.ask("GET", "/api/streams", headers=address).status == 200
    name = {"Host": f"evil.example:{fanlight.port}"} | bearer(TOKEN)
    fanlight.ask("GET", "/api/streams", headers=name).problem(403, "host_not_allowed")
    assert "unencrypted" in fanlight.log()
    assert TOKEN not in fanlight.log()


def test_a_token_is_made_for_the_users_own_clients(server: Callable[..., Server], tmp_path: Path) -> None:
    env = {"XDG_RUNTIME_DIR": str(tmp_path), "FANLIGHT_REQUIRE_TOKEN": "1"}
    fanlight = server(env=env)
    file = tmp_path / "fanlight" / "token"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    token = file.read_text().strip()
    fanlight.ask("GET", "/api/streams").problem(401, "token_required")
    assert fanlight.ask("GET", "/api/streams", headers=bearer(token)).status == 200
    assert fanlight.ask("GET", "/livez").status == 200
    assert token not in fanlight.log()
    # It stays the same, for clients that have it already.
    fanlight.restart()
    assert file.read_text().strip() == token


def test_a_page_opens_a_websocket_with_the_token(server: Callable[..., Server]) -> None:
    fanlight = server(env={"FANLIGHT_TOKEN": TOKEN})
    body = b'{"stream_id": "cam", "rtsp_url": "demo:"}'
    assert fanlight.ask("POST", "/api/streams", body, bearer(TOKEN)).status == 200
    url = f"ws://127.0.0.1:{fanlight.port}/ws/cam?format=jpeg"
    with pytest.raises(WebSocketBadStatusException, match="401"):
        create_connection(url, timeout=10, subprotocols=["fanlight"])
    socket = create_connection(url, timeout=10, subprotocols=["fanlight", f"fanlight.token.{TOKEN}"])
    assert socket.getsubprotocol() == "fanlight"
    picture = socket.recv()
    assert isinstance(picture, bytes)
    assert picture.startswith(b"\xff\xd8")
    socket.close()


def test_it_serves_over_tls(server: Callable[..., Server], tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
    made += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*made, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    fanlight = server(options=["--tls-cert", str(certificate), "--tls-key", str(key)])
    assert fanlight.url.startswith("https://")
    curl = ["curl", "-sS", "--cacert", str(certificate), f"https://localhost:{fanlight.port}/api/info"]
    answer = subprocess.run(curl, check=True, capture_output=True, text=True).stdout
    assert f'"api":"https://127.0.0.1:{fanlight.port}"' in answer


def test_a_browser_signs_in_once(server: Callable[..., Server]) -> None:
    fanlight = server(env={"FANLIGHT_TOKEN": TOKEN})
    json = {"Content-Type": "application/json"}
    assert fanlight.ask("GET", "/api/session").json == {"required": True, "signed_in": False}
    wrong = b'{"token": "open-sesame-open-sesamf"}'
    fanlight.ask("POST", "/api/session", wrong, json).problem(401, "token_refused")

    signed_in = fanlight.ask("POST", "/api/session", f'{{"token": "{TOKEN}"}}'.encode(), json)
    assert signed_in.status == 204
    given = signed_in.headers["set-cookie"]
    assert "HttpOnly" in given
    assert "SameSite=Strict" in given
    assert TOKEN not in given
    cookie = {"Cookie": given.split(";")[0]}
    assert fanlight.ask("GET", "/api/session", headers=cookie).json == {"required": True, "signed_in": True}
    camera = b'{"stream_id": "cam", "rtsp_url": "demo:"}'
    assert fanlight.ask("POST", "/api/streams", camera, cookie | json).status == 200

    url = f"ws://127.0.0.1:{fanlight.port}/ws/cam?format=jpeg"
    reader = create_connection(url, cookie=cookie["Cookie"], timeout=20)
    assert reader.recv()[:2] == b"\xff\xd8"
    reader.close()
    # Another page on this machine is of the same site to a browser, but not one of ours.
    elsewhere = cookie | {"Origin": "http://127.0.0.1:1"}
    fanlight.ask("GET", "/api/streams", headers=elsewhere).problem(401, "token_required")

    assert fanlight.ask("DELETE", "/api/session", headers=cookie).status == 204
    fanlight.ask("GET", "/api/streams", headers=cookie).problem(401, "token_required")

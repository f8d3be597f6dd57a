"""The description of the API: valid, and true of what the server answers to generated requests.

Generated requests can start cameras, so what they name is replaced before it is sent: nothing but a
closed port on loopback is ever connected to.
"""

import json
import re
import shutil
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
import websocket
from openapi_spec_validator import OpenAPIV31SpecValidator

from rig.server import ROOT, Server

#: A password that no answer may hold.
CANARY = "canary-pw"
COMMITTED = ROOT / "docs" / "openapi.json"
#: Cameras that may be started: a port where nothing listens, or URLs that are refused.
CAMERAS = (
    "rtsp://127.0.0.1:9/cam",
    f"rtsp://viewer:{CANARY}@127.0.0.1:9/other?x=1",
    "gopher://127.0.0.1:9/",
    "rtsp://",
    "127.0.0.1:9",
)
#: Camera lists that may be imported.
LISTS = (
    f"streams: {{a b: 'rtsp://viewer:{CANARY}@127.0.0.1:9/cam#backchannel=0', c: [exec:x, 'ffmpeg:rtsp://127.0.0.1:9/c']}}",
    "cameras: {a: {ffmpeg: {inputs: [{path: 'rtsp://127.0.0.1:9/f', roles: [detect]}]}}, b: {}}",
    '{"version": 1, "cameras": [{"stream_id": "d", "rtsp_url": "rtsp://127.0.0.1:9/d"}, 7]}',
    "streams: {a: 1, a: 2}",
    "a: &a [*a]",
)
#: Folders that recordings may be sent to: none.
FOLDERS = ("recordings", "/dev/null/recordings")
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
#: Answers that do not end.
ENDLESS = ("/api/events", "/api/streams/{id}/mjpeg")


def choice(options: tuple[str, ...], instead_of: str) -> str:
    """Always the same one for the same text."""
    return options[zlib.crc32(instead_of.encode("utf-8", "surrogatepass")) % len(options)]


def harmless(value: Any, key: str = "") -> Any:
    """The value without a camera that could be anywhere: without a colon nothing is a URL."""
    if isinstance(value, dict):
        return {k if ":" not in k else "key": harmless(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [harmless(v, key) for v in value]
    if isinstance(value, str) and key == "folder":
        return value if value in FOLDERS else choice(FOLDERS, value)
    if isinstance(value, str) and (":" in value or key == "text"):
        options = LISTS if key == "text" else CAMERAS
        return value if value in options else choice(options, value)
    return value


def check_harmless(request: requests.PreparedRequest, base: str) -> None:
    """The last look at what is sent, in the form in which the server gets it."""
    assert str(request.url).startswith(base), request.url
    body = request.body or b""
    try:
        told = json.loads(body)
    except ValueError:
        assert b":" not in (body if isinstance(body, bytes) else body.encode()), body
    else:
        assert harmless(told) == told, body


class OnlyHarmless(requests.adapters.HTTPAdapter):
    """Sends to one server, and nothing that names a camera elsewhere."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._base = f"{server.url}/"

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        check_harmless(request, self._base)
        return super().send(request, *args, **kwargs)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as server:
        server.add("demo", "demo:")
        server.wait_online("demo")
        # Somebody who reads, so that there is a consumer 1.
        reader = websocket.create_connection(f"ws://127.0.0.1:{server.port}/ws/demo?format=jpeg&width=160&height=120")
        yield server
        reader.close()
        assert "panicked" not in server.log()


@pytest.fixture(scope="module")
def document(server: Server) -> dict[str, Any]:
    return server.ask("GET", "/api/openapi.json").json


def test_it_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document).validate()


def test_it_is_the_committed_one(server: Server) -> None:
    served = server.ask("GET", "/api/openapi.json").text
    assert served == COMMITTED.read_text()


def test_the_page_shows_every_route(server: Server, document: dict[str, Any], tmp_path: Path) -> None:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-sync",
        "--disable-background-networking",
        "--disable-component-update",
        # Nothing but this machine has an address.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        f"--user-data-dir={tmp_path}",
        "--enable-logging=stderr",
        "--virtual-time-budget=20000",
        "--dump-dom",
    ]
    page = subprocess.run([chromium, *options, f"{server.url}/docs/"], capture_output=True, text=True, timeout=80)
    for path, item in document["paths"].items():
        for operation in item.values():
            assert operation["summary"] in page.stdout, f"{path}\n{page.stderr}"
    assert "Content Security Policy" not in page.stderr


@pytest.mark.parametrize("url", ["rtsp://192.0.2.1/cam", "http:192.0.2.1", "RTSP://127.0.0.1:9@192.0.2.1/"])
def test_no_other_camera_is_ever_named(url: str) -> None:
    base = "http://127.0.0.1:1/"
    bodies = ({"rtsp_url": url}, {"a": [{"text": url}]}, {url: 1}, url, [url])
    for body in bodies:
        assert harmless(harmless(body)) == harmless(body) != body
        check_harmless(requests.Request("POST", base, json=harmless(body)).prepare(), base)
    refused = [
        *(requests.Request("POST", base, json=body) for body in bodies),
        requests.Request("POST", base, data=url.encode()),
        requests.Request("GET", "http://192.0.2.1/"),
    ]
    for request in refused:
        with pytest.raises(AssertionError):
            check_harmless(request.prepare(), base)


def prepare(case: schemathesis.Case, server: Server) -> None:
    """Point a generated request to what is there, and keep it from costing much."""
    if isinstance(case.body, dict | list | str):
        case.body = harmless(case.body)
    elif isinstance(case.body, bytes):
        case.body = case.body.replace(b":", b"-")
    elif case.method in ("POST", "PUT", "PATCH"):
        # Else the refusal of forms comes before anything else.
        case.headers["Content-Type"] = "application/json"
    template, parameters, query = case.operation.path, case.path_parameters or {}, case.query or {}
    if ID.fullmatch(str(parameters.get("id", ""))) and template not in ENDLESS:
        parameters["id"] = "demo" if case.method == "GET" else "spare"
        if case.method == "DELETE":
            server.add("spare", CAMERAS[0])
    if str(parameters.get("consumer", "")).isdecimal():
        parameters["consumer"] = 1
    for name, cheap in (("width", 160), ("height", 120)):
        if str(query.get(name, "")).isdecimal() and 16 <= int(query[name]) <= 8192:
            query[name] = cheap
    if template.endswith("/frame"):
        wait = str(query.get("wait", 0))
        if wait.isdecimal() and int(wait) <= 30_000:
            query["wait"] = 100
            case.query = query


def described() -> schemathesis.BaseSchema:
    """The operations to ask for. Tests are made before a server runs, so from the committed description."""
    schema = schemathesis.openapi.from_path(COMMITTED)
    schema.config.seed = 1
    checks = schema.config.checks
    # A camera at fault is a 503, and what is well-formed may still be no camera.
    checks.not_a_server_error.expected_statuses = ["2xx", "3xx", "4xx", "503"]
    checks.positive_data_acceptance.enabled = False
    checks.negative_data_rejection.expected_statuses += ["426"]
    return schema.exclude(path=list(ENDLESS))


@described().parametrize()
@hypothesis.settings(
    max_examples=25,
    derandomize=True,
    deadline=None,
    database=None,
    # How long it takes to make requests is the machine's affair.
    suppress_health_check=list(hypothesis.HealthCheck),
)
def test_generated_requests(case: schemathesis.Case, server: Server) -> None:
    prepare(case, server)
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", OnlyHarmless(server))
        answer = case.call_and_validate(base_url=server.url, session=session, timeout=15)
    assert CANARY.encode() not in answer.content

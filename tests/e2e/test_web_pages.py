"""Web pages with our JavaScript client, in a real Chromium: they show what the camera sends, survive what
happens to it and to the server, and say what is wrong."""

from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest

from rig.browser import Browser, Pages
from rig.camera import Cameras, Model, free_port
from rig.clip import Clip
from rig.js_package import CLIENT, Package
from rig.server import Server
from rig.site import Site
from rig.waiting import eventually

#: What the pages show; small, as there are only so many cores.
H264 = Clip(640, 360, 600)
H265 = Clip(320, 180, 300, frames=250, codec="h265")
DEMOS = ["script", "module", "react", "hook"]


@pytest.fixture(scope="module")
def running_site() -> Iterator[Site]:
    with Cameras(models=[Model(H264, "cam0"), Model(H265, "cam1")]) as cameras, Server() as server:
        yield Site(cameras, server)


@pytest.fixture(autouse=True)
def leave(browser: Browser, site: Site) -> Iterator[None]:
    """No page of one test is a reader in the next."""
    browser.console()
    yield
    browser.open("about:blank")


@pytest.fixture
def show(package: Package, browser: Browser, site: Site) -> Iterator[Callable[..., None]]:
    """`show("script", url=...)` opens a demo page for the site's server."""
    with Pages(CLIENT) as plain, Pages(package.react) as built:

        def open_demo(demo: str, **query: str) -> None:
            words = urlencode({"server": site.server.url.replace("http", "ws"), "stream": "cam", **query})
            if demo in ("react", "hook"):
                browser.open(built.url(f"index.html?{words}{'&hook' if demo == 'hook' else ''}"))
            else:
                browser.open(plain.url(f"examples/{demo}.html?{words}"))

        yield open_demo


def readers(site: Site, stream_id: str = "cam") -> list[dict]:
    return site.server.ask("GET", f"/api/streams/{stream_id}/consumers").json["consumers"]


# The demo pages


@pytest.mark.parametrize("demo", DEMOS)
def test_a_demo_page_starts_its_camera_and_shows_it(
    show: Callable[..., None], browser: Browser, site: Site, demo: str
) -> None:
    show(demo, url=site.cameras.url())
    browser.sees_motion()
    browser.wait_text('[role="status"]', "(?i)live")
    assert browser.find("canvas").accessible_name.startswith("Live picture")
    formats = [reader["format"] for reader in readers(site)]
    assert formats == (["bgr24"] if demo == "script" else ["h264"]), "one connection, StrictMode or not"
    assert browser.text('[role="alert"]') == ""
    browser.open("about:blank")
    eventually(lambda: readers(site) == [])


def test_h264_is_decoded_in_a_worker_and_leaves_no_decoder_on_the_server(
    show: Callable[..., None], browser: Browser, site: Site
) -> None:
    site.add()
    show("module")
    browser.wait_text('[role="status"]', r"^Live: h264 in a worker")
    assert site.server.decoders() == []


@pytest.mark.parametrize("demo", ["script", "react"])
def test_a_camera_that_restarts_is_shown_again(
    show: Callable[..., None], browser: Browser, site: Site, demo: str
) -> None:
    site.add()
    show(demo)
    browser.sees_motion()
    site.cameras.kill()
    browser.wait_text('[role="alert"]', r"\w+ \w+")
    site.cameras.start()
    browser.wait_text('[role="status"]', "^Live")
    browser.sees_motion()
    eventually(lambda: browser.text('[role="alert"]') == "")
    assert len(readers(site)) == 1


@pytest.mark.parametrize("demo", ["script", "react"])
def test_a_server_that_restarts_is_found_again_by_one_connection(
    show: Callable[..., None], browser: Browser, site: Site, demo: str
) -> None:
    site.add()
    show(demo)
    browser.sees_motion()
    site.server.stop()
    browser.wait_text('[role="status"]', "(?i)^reconnecting")
    browser.wait_text('[role="alert"]', "Cannot reach")
    site.server.start()
    browser.wait_text('[role="status"]', "^Live")
    browser.sees_motion()
    eventually(lambda: len(readers(site)) == 1)
    assert [stream["stream_id"] for stream in site.server.streams()] == ["cam"]


# What is wrong


@pytest.mark.parametrize("demo", ["script", "react"])
def test_a_stream_that_is_not_there_is_told_and_shown_once_it_is(
    show: Callable[..., None], browser: Browser, site: Site, demo: str
) -> None:
    show(demo, stream="nowhere")
    browser.wait_text('[role="alert"]', "there is no stream nowhere")
    site.server.add("nowhere", site.cameras.url())
    browser.sees_motion()


def test_a_camera_that_is_not_there_is_told(show: Callable[..., None], browser: Browser) -> None:
    show("module", url=f"rtsp://127.0.0.1:{free_port()}/stream")
    browser.wait_text('[role="alert"]', r"\w+ \w+ \w+")


def test_an_address_that_is_refused_is_told_and_retry_tries_again(
    show: Callable[..., None], browser: Browser, site: Site
) -> None:
    show("react", url="ftp://127.0.0.1/x")
    browser.wait_text('[role="alert"]', "rtsp")
    browser.wait_text('[role="status"]', "Not started")
    browser.find(".error-message button").click()
    browser.wait_text('[role="alert"]', "rtsp")
    assert site.server.streams() == []


# What the browser cannot do


@pytest.mark.parametrize(
    ("missing", "fallback"),
    [
        ("delete globalThis.VideoDecoder", r"^Live: jpeg \(this page has no WebCodecs.* in the page"),
        (
            "VideoDecoder.isConfigSupported = async () => ({ supported: false })",
            r"^Live: jpeg \(this browser does not decode h264\) in the page",
        ),
        (
            "VideoDecoder.prototype.decode = () => { throw new Error('out of decoders') }",
            r"^Live: jpeg \(out of decoders\) in the page",
        ),
    ],
    ids=["no WebCodecs", "no decoder", "decoder fails"],
)
def test_without_a_decoder_it_is_jpeg(
    show: Callable[..., None], browser: Browser, site: Site, missing: str, fallback: str
) -> None:
    site.add()
    # Scripts of a test reach the page only, so the page has to do the work.
    with browser.before_pages(f"delete globalThis.Worker; {missing}"):
        show("module")
        browser.wait_text('[role="status"]', fallback)
    browser.sees_motion()
    eventually(lambda: [reader["format"] for reader in readers(site)] == ["jpeg"])


def test_a_codec_that_chromium_does_not_decode_is_jpeg(show: Callable[..., None], browser: Browser, site: Site) -> None:
    site.add(camera=1)
    show("module")
    told = browser.wait_text('[role="status"]', "^Live: ")
    can = browser.run("return (await VideoDecoder.isConfigSupported({ codec: 'hev1.1.6.L93.B0' })).supported")
    assert told.startswith("Live: h265" if can else "Live: jpeg (this browser does not decode h265)")
    browser.sees_motion()


def test_a_camera_that_changes_its_codec_stays_in_sight(
    show: Callable[..., None], browser: Browser, site: Site
) -> None:
    site.add()
    show("module")
    browser.wait_text('[role="status"]', "^Live: h264")
    answer = site.server.ask("PATCH", "/api/streams/cam", {"rtsp_url": site.cameras.url(1)})
    assert answer.status == 200, answer.text
    browser.wait_text('[role="status"]', r"^Live: (h265|jpeg)")
    browser.sees_motion()


def test_a_policy_without_blob_workers_leaves_the_work_to_the_page(browser: Browser, site: Site) -> None:
    site.add()
    policy = {"Content-Security-Policy": "worker-src 'self'"}
    with Pages(CLIENT, policy) as pages:
        server = site.server.url.replace("http", "ws")
        browser.open(pages.url(f"examples/module.html?server={server}&stream=cam"))
        browser.wait_text('[role="status"]', r"^Live: h264 in the page")
        browser.sees_motion()


# A slow page


SLOW = """
const [server] = args;
const { RTSPStreamClient } = await import('/dist/index.mjs');
const client = new RTSPStreamClient(server, 'cam', { format: 'jpeg' });
const ages = [];
await new Promise((enough) => {
    client.onFrame((bytes, width, height, { captureTime }) => {
        ages.push(Date.now() - captureTime);
        if (ages.length === 12) enough();
        const until = performance.now() + 300;
        while (performance.now() < until);
    });
    client.connect();
});
client.destroy();
return ages;
"""


def test_a_page_that_is_slow_gets_new_pictures(browser: Browser, site: Site) -> None:
    site.add(width=1280, height=720)
    with Pages(CLIENT) as pages:
        browser.open(pages.url("examples/examples.css"))
        ages = browser.run(SLOW, site.server.url)
    # Twelve times 300 ms: whoever is handed a queue is seconds behind by then.
    assert sorted(ages)[len(ages) // 2] < 250, ages
    eventually(lambda: readers(site) == [])

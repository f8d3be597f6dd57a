"""Pages of other sites, in a real Chromium: they can neither read a camera nor start, stop or change anything,
whatever way a page has to make requests. The same page from a loopback origin can, or the test would be blind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rig.browser import HOSTILE, Browser, Pages
from rig.camera import Cameras
from rig.clip import Clip
from rig.server import Server
from rig.site import Site
from rig.waiting import eventually

#: Each way to make a request, by name: what came of it. "nothing" is what a foreign page should get.
ATTEMPTS = """
const [api, camera, only] = args;
const ws = api.replace('http', 'ws');
const soon = (ask) => Promise.race([
    new Promise((answer) => ask(answer)).catch(() => 'nothing'),
    new Promise((late) => setTimeout(late, 12000, 'nothing in time')),
]);
const read = (path, options) => soon((answer) =>
    fetch(api + path, options).then(
        async (got) => answer(got.type === 'opaque' ? 'nothing' : `${got.status} ${(await got.text()).slice(0, 40)}`),
        () => answer('nothing')));
const load = (tag, key, path, more = {}) => soon((answer) => {
    const element = Object.assign(document.createElement(tag), more);
    element.onload = element.onloadeddata = () => answer('loaded');
    element.onerror = () => answer('nothing');
    element[key] = api + path;
    document.body.append(element);
});
const start = JSON.stringify({ stream_id: 'planted', rtsp_url: camera });
const text = { 'Content-Type': 'text/plain' };
const json = { 'Content-Type': 'application/json' };
const form = (action, method, enctype) => soon((answer) => {
    const frame = Object.assign(document.createElement('iframe'), { name: `frame${Math.random()}` });
    const form = Object.assign(document.createElement('form'), { action: api + action, method, enctype });
    form.target = frame.name;
    const field = Object.assign(document.createElement('input'), { name: start.slice(0, -1) + ',"x":"', value: '"}' });
    form.append(field);
    document.body.append(frame, form);
    form.submit();
    setTimeout(answer, 700, 'nothing');
});
const socket = (path) => soon((answer) => {
    const socket = new WebSocket(ws + path);
    socket.onmessage = () => { answer('frames'); socket.close(); };
    socket.onerror = () => answer('nothing');
});
const events = () => soon((answer) => {
    const source = new EventSource(`${api}/api/events`);
    source.onopen = () => { answer('events'); source.close(); };
    source.onerror = () => { answer('nothing'); source.close(); };
});
const frame = (path) => soon((answer) => {
    const frame = Object.assign(document.createElement('iframe'), { src: api + path });
    document.body.append(frame);
    setTimeout(answer, 700, 'nothing');
});
const ways = {
    list: () => read('/api/streams'),
    health: () => read('/health'),
    metrics: () => read('/metrics'),
    frame: () => read('/api/streams/cam/frame?wait=3000'),
    'frame, no-cors': () => read('/api/streams/lazy/frame?wait=500', { mode: 'no-cors' }),
    'frame without referrer': () =>
        read('/api/streams/lazy/frame?wait=500', { mode: 'no-cors', referrerPolicy: 'no-referrer' }),
    start: () => read('/api/streams', { method: 'POST', headers: json, body: start }),
    'start, no-cors': () => read('/api/streams', { method: 'POST', mode: 'no-cors', body: start }),
    'start as text': () => read('/api/streams', { method: 'POST', mode: 'no-cors', headers: text, body: start }),
    'start by beacon': () => soon((answer) => answer(navigator.sendBeacon(`${api}/api/streams`, start) && 'nothing')),
    'start by form': () => form('/api/streams', 'post', 'text/plain'),
    'start by url form': () => form('/api/streams/start-with-url', 'post', 'application/x-www-form-urlencoded'),
    change: () => read('/api/streams/cam', { method: 'PATCH', headers: json, body: '{"name":"mine"}' }),
    stop: () => read('/api/streams/cam/force', { method: 'DELETE' }),
    restart: () => read('/api/streams/cam/restart', { method: 'POST', mode: 'no-cors', body: '{}' }),
    probe: () => read('/api/probe', { method: 'POST', headers: json, body: JSON.stringify({ url: camera }) }),
    pictures: () => socket('/ws/cam?format=jpeg'),
    raw: () => socket('/ws/cam'),
    packets: () => socket('/ws/cam?format=h264'),
    'lazy pictures': () => socket('/ws/lazy?format=jpeg'),
    events: () => events(),
    snapshot: () => load('img', 'src', '/api/streams/cam/snapshot.jpg'),
    'lazy snapshot': () => load('img', 'src', '/api/streams/lazy/snapshot.jpg', { referrerPolicy: 'no-referrer' }),
    mjpeg: () => load('img', 'src', '/api/streams/cam/mjpeg'),
    'cors snapshot': () => load('img', 'src', '/api/streams/cam/snapshot.jpg', { crossOrigin: 'anonymous' }),
    video: () => load('video', 'src', '/api/streams/cam/mjpeg'),
    script: () => load('script', 'src', '/api/streams'),
    style: () => load('link', 'href', '/api/streams/cam/snapshot.jpg', { rel: 'stylesheet' }),
    prefetch: () => load('link', 'href', '/api/streams/lazy/snapshot.jpg', { rel: 'prefetch' }),
    'in a frame': () => frame('/api/streams/lazy/mjpeg'),
};
const told = {};
for (const [name, make] of Object.entries(ways)) if (!only || only.includes(name)) told[name] = await make();
return told;
"""

#: What a page of this machine reaches.
REACHED = ["list", "health", "frame", "start", "pictures", "raw", "packets", "events", "snapshot", "mjpeg"]


@pytest.fixture(scope="module")
def running_site() -> Iterator[Site]:
    with Cameras(Clip(640, 360, 600), cameras=3) as cameras, Server() as server:
        yield Site(cameras, server)


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    (tmp_path / "index.html").write_text("<!doctype html><title>a page</title><body>a page</body>")
    with Pages(tmp_path) as pages:
        yield pages


@pytest.fixture
def bystanders(site: Site) -> None:
    """A camera that runs, and one that nobody has looked at yet."""
    site.add("cam")
    site.server.add("lazy", site.cameras.url(1), mode="on_demand")


def state(site: Site) -> list[tuple]:
    keys = ("stream_id", "name", "rtsp_url", "client_count", "created_at", "dropped_frames")
    return [(*(stream[key] for key in keys), stream["status"]["since"]) for stream in site.server.streams()]


def opened(site: Site) -> list[int]:
    """How often each camera has been opened."""
    return [site.cameras.connections(camera).ever for camera in range(3)]


@pytest.mark.usefixtures("bystanders")
def test_a_page_of_another_site_reaches_nothing(browser: Browser, site: Site, pages: Pages) -> None:
    before = state(site), opened(site)
    browser.open(pages.url(host=HOSTILE))
    told = browser.run(ATTEMPTS, site.server.url, site.cameras.url(2))
    assert {name: what for name, what in told.items() if what != "nothing"} == {}
    assert (state(site), opened(site)) == before


@pytest.mark.usefixtures("bystanders")
def test_a_page_of_another_site_cannot_send_its_visitor_to_a_camera(browser: Browser, site: Site, pages: Pages) -> None:
    before = opened(site)
    for path in ("/api/streams/lazy/mjpeg", "/api/streams/lazy/snapshot.jpg", "/api/streams/lazy/frame"):
        browser.open(pages.url(host=HOSTILE))
        browser.driver.execute_script("location.href = arguments[0]", site.server.url + path)
        browser.wait_text("body", "origin_not_allowed")
    assert opened(site) == before
    # Its visitors may follow a link to Fanlight's own page, and may ask for anything themselves.
    browser.open(pages.url(host=HOSTILE))
    browser.driver.execute_script("location.href = arguments[0]", site.server.url)
    eventually(lambda: browser.driver.title == "Fanlight")
    browser.open(f"{site.server.url}/api/streams")
    browser.wait_text("body", '"lazy"')


@pytest.mark.usefixtures("bystanders")
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_the_same_page_from_this_machine_reaches_everything(
    browser: Browser, site: Site, pages: Pages, host: str
) -> None:
    browser.open(pages.url(host=host))
    told = browser.run(ATTEMPTS, site.server.url, site.cameras.url(2), REACHED)
    assert [name for name, what in told.items() if what.startswith("nothing")] == [], told
    assert told["start"].startswith("200")
    assert "planted" in {stream["stream_id"] for stream in site.server.streams()}


@pytest.mark.usefixtures("bystanders")
def test_a_name_that_was_bound_to_this_machine_reaches_nothing(browser: Browser, site: Site) -> None:
    before = state(site), opened(site)
    here = f"http://{HOSTILE}:{site.server.port}"
    browser.open(f"{here}/api/streams")
    browser.wait_text("body", "host_not_allowed")
    # The page is of the same origin as what it asks for: only the Host gives it away.
    told = browser.run(ATTEMPTS, here, site.cameras.url(2))
    answered = {name: what for name, what in told.items() if not what.startswith(("nothing", "403 "))}
    assert answered == {}
    assert told["list"].startswith("403 "), told
    assert (state(site), opened(site)) == before

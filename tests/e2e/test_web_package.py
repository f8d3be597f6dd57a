"""The JavaScript package as others have it: pages that were written for the earlier server's client, the packed
package in a new app, and the examples of its README."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from rig.browser import Browser, Pages
from rig.js_package import CLIENT, Package, fresh_app, node, tool
from rig.site import Site
from rig.waiting import eventually


@pytest.fixture(autouse=True)
def leave(browser: Browser) -> Iterator[None]:
    yield
    browser.open("about:blank")


OLD_SCRIPT = """<!doctype html>
<canvas id="canvas"></canvas>
<script src="dist/js_client.js"></script>
<script>
const client = new window.RTSPStreamClient('SERVER', 'camera1');
window.told = { frames: 0 };
client.setupCanvas(document.getElementById('canvas'));
client.onFrame((bytes, width, height, stats) => {
    told.frame = [bytes instanceof Uint8Array, bytes.length, width, height, stats.framesReceived > 0];
});
client.onConnect(() => { told.connected = true; });
client.onDisconnect(() => { told.disconnected = true; });
client.onError((message) => { told.error = message; });
client.startStream('CAMERA', 640, 360).then((ok) => { told.started = ok; client.connect(); });
</script>
"""


def test_a_page_of_the_old_javascript_client_runs_as_written(
    package: Package, browser: Browser, site: Site, tmp_path: Path
) -> None:
    (tmp_path / "dist").symlink_to(CLIENT / "dist")
    server = site.server.url.replace("http", "ws")
    page = OLD_SCRIPT.replace("SERVER", server).replace("CAMERA", site.cameras.url())
    (tmp_path / "index.html").write_text(page)
    with Pages(tmp_path) as pages:
        browser.open(pages.url())
        browser.sees_motion()
        told = browser.run("return told")
        assert told["frame"] == [True, 640 * 360 * 3, 640, 360, True]
        assert (told["started"], told["connected"]) == (True, True)
        asked = browser.run(
            """
            const before = client.getStats().framesReceived;
            client.resetStats();
            const { is_running, client_count } = await client.getStreamStats();
            const listed = (await client.listStreams()).map((stream) => stream.stream_id);
            const connected = client.getConnectionStatus().isConnected;
            const inUse = await client.stopStream();
            client.disconnect();
            const stopped = await client.stopStream();
            const again = await client.startStreamWithURL(args[0]);
            const forced = await client.forceStopStream();
            return [before > 0, is_running, client_count, listed, connected, inUse, stopped, again, forced];
            """,
            site.cameras.url(),
        )
        assert asked == [True, True, 1, ["camera1"], True, False, True, True, True]
    assert site.server.streams() == []


OLD_REACT = """
import RTSPStreamViewer from 'fanlight-client/react';
import { createRoot } from 'react-dom/client';

function App() {
  return (
    <RTSPStreamViewer
      serverUrl="SERVER"
      streamId="camera1"
      rtspUrl="CAMERA"
      width={640}
      height={360}
      autoStart={true}
    />
  );
}

createRoot(document.getElementById('root')!).render(<App />);
"""

APP = {
    "package.json": json.dumps({"name": "fresh", "private": True, "type": "module"}),
    "index.html": '<!doctype html><div id="root"></div><script type="module" src="main.tsx"></script>',
    "tsconfig.json": json.dumps(
        {
            "compilerOptions": {
                "module": "esnext",
                "moduleResolution": "bundler",
                "jsx": "react-jsx",
                "strict": True,
                "noEmit": True,
                "skipLibCheck": False,
                "types": [],
                "lib": ["ES2022", "DOM", "DOM.Iterable"],
            },
            "files": ["main.tsx"],
        }
    ),
}


def test_the_packed_package_in_a_fresh_vite_app_with_the_old_component(
    package: Package, browser: Browser, site: Site, tmp_path: Path
) -> None:
    server = site.server.url.replace("http", "ws")
    main = OLD_REACT.replace("SERVER", server).replace("CAMERA", site.cameras.url())
    fresh_app(package, tmp_path, APP | {"main.tsx": main})
    node(tool("typescript", "tsc"), "-p", ".", cwd=tmp_path)
    node(tool("vite", "vite.js"), "build", cwd=tmp_path)
    with Pages(tmp_path / "dist") as pages:
        browser.open(pages.url())
        browser.sees_motion()
        browser.find(".stream-controls button").click()
        browser.wait_text('[role="status"]', "Disconnected")
    eventually(lambda: site.server.streams() == [])


#: As a page is rendered on a server, where there is no window.
ON_A_SERVER = """
import { renderToString } from 'react-dom/server';
import { createElement } from 'react';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
const require = createRequire(import.meta.url);
for (const { RTSPStreamViewer } of [await import('fanlight-client/react'), require('fanlight-client/react')]) {
  console.log(renderToString(createElement(RTSPStreamViewer, { autoStart: true })).includes('Disconnected'));
}
const script = require('fanlight-client/js_client.js');
console.log((await import('fanlight-client')).RTSPStreamClient.name, require('fanlight-client').RTSPStreamClient.name);
console.log(new script('ws://localhost:8080', 'camera1').getConnectionStatus().state);
for (const file of ['react.mjs', 'react.cjs']) {
  console.log(readFileSync(`node_modules/fanlight-client/dist/${file}`, 'utf8').split(';')[0]);
}
"""


def test_the_packed_package_is_rendered_on_a_server(package: Package, tmp_path: Path) -> None:
    fresh_app(package, tmp_path, {"package.json": APP["package.json"], "main.mjs": ON_A_SERVER})
    told = node("main.mjs", cwd=tmp_path).split("\n")
    names = "RTSPStreamClient RTSPStreamClient"
    assert told == ["true", "true", names, "disconnected", '"use client"', '"use client"', ""]


README = (CLIENT / "README.md").read_text()
SHOW_APP = """
import App from './BLOCK';
import { createRoot } from 'react-dom/client';
import { createElement } from 'react';
createRoot(document.getElementById('root')).render(createElement(App));
"""


def as_pages(server: str, camera: str) -> dict[str, str]:
    """Each example of the README as a page of an app."""
    files = {}
    for number, (kind, code) in enumerate(re.findall(r"```(html|jsx?)\n(.*?)```", README, re.DOTALL)):
        code = code.replace("ws://localhost:8080", server)
        code = code.replace("rtsp://user:secret@192.168.1.20/stream1", camera)
        name = f"block{number}"
        if kind == "html":
            files[f"{name}.html"] = f"<!doctype html>{code}"
            continue
        if kind == "jsx":
            files[f"{name}.{kind}"] = code
            code = SHOW_APP.replace("BLOCK", f"{name}.jsx")
        files[f"{name}-main.js"] = code
        page = "<canvas></canvas>" if kind == "js" else '<div id="root"></div>'
        files[f"{name}.html"] = f'<!doctype html>{page}<script type="module" src="{name}-main.js"></script>'
    return files


def test_the_examples_of_the_readme_run_as_they_stand(
    package: Package, browser: Browser, site: Site, tmp_path: Path
) -> None:
    files = as_pages(site.server.url.replace("http", "ws"), site.cameras.url())
    pages = [name for name in files if name.endswith(".html")]
    assert len(pages) == 4
    config = f"export default {{ build: {{ rolldownOptions: {{ input: {json.dumps(pages)} }} }} }};"
    fresh_app(package, tmp_path, files | {"package.json": APP["package.json"], "vite.config.js": config})
    node(tool("vite", "vite.js"), "build", cwd=tmp_path)
    installed = tmp_path / "node_modules" / "fanlight-client" / "dist" / "js_client.js"
    shutil.copy(installed, tmp_path / "dist")
    with Pages(tmp_path / "dist") as served:
        for page in pages:
            browser.open(served.url(page))
            browser.sees_motion()

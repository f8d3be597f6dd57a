#!/usr/bin/python3
"""Live RTSP cameras from pre-encoded clips (gst-rtsp-server, shared media, wall-clock pacing, no encoding).

rtsp://127.0.0.1:PORT/PATH. Frame n leaves at t0 + n/fps (code_blocks.Schedule): the index painted into
the picture therefore gives its send time, and every consumer of pixels can compute its latency.
A client that joins gets the stream where it is (mid-GOP), as from most real cameras.

stdin: one JSON object a line. The first describes the site, as camera.py writes it; each further one is a command:
{"stall": true} (connections stay open, no frames; false ends it), {"camera": 0, "clip": 1} (go on with another
clip). It ends with stdin.
stdout: one JSON object per event (ready, connect, describe, play, teardown, closed, stall, clip).

It runs under the system's Python, which has GStreamer's bindings, and needs nothing of the rig.
"""

import json
import sys
import threading
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402
from media import VIEWER, Camera, Pacer  # noqa: E402
from units import Clip  # noqa: E402


def log(event, **more):
    sys.stdout.write(json.dumps({"t": round(time.time(), 4), "ev": event, **more}) + "\n")
    sys.stdout.flush()


def encrypt(server, file):
    """Speak RTSP over TLS, to anyone."""
    auth, anyone = GstRtspServer.RTSPAuth(), GstRtspServer.RTSPToken()
    anyone.set_string("media.factory.role", VIEWER)
    auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(file))
    auth.set_default_token(anyone)
    server.set_auth(auth)


def guard(server, user, password, method):
    """Ask every client for a user and a password."""
    auth, token = GstRtspServer.RTSPAuth(), GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", VIEWER)
    if method == "basic":
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    else:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(user, password, token)
    server.set_auth(auth)


def on_client(_server, client):
    ident = hash(client) & 0xFFFFFF
    log("connect", client=ident)

    def tell(_client, context, event):
        url = context.uri
        log(event, client=ident, cam=url.abspath.strip("/").split("/")[0], query=url.query)

    for sig, event in (("describe-request", "describe"), ("play-request", "play"), ("teardown-request", "teardown")):
        client.connect(sig, tell, event)
    client.connect("closed", lambda *_: log("closed", client=ident))


def serve(site, cameras):
    """A server on each address; those that could be opened."""
    servers = []
    for address in site["addresses"]:
        server = GstRtspServer.RTSPServer()
        server.set_address(address)
        server.set_service(str(site["port"]))
        if site["user"] is not None:
            guard(server, site["user"], site["password"], site["auth"])
        if site["tls"]:
            encrypt(server, site["tls"])
        for camera in cameras:
            if site["user"] is not None or site["tls"]:
                camera.for_viewers_only()
            server.get_mount_points().add_factory(f"/{camera.name}", camera)
        # A thread for each client: one that waits for its camera keeps no other waiting.
        server.get_thread_pool().set_max_threads(-1)
        server.connect("client-connected", on_client)
        if server.attach(None):
            servers.append(server)
        elif address == site["addresses"][0]:
            sys.exit("cannot bind")
    return servers


def obey(command, cameras, pacer):
    if "stall" in command:
        pacer.stalled = command["stall"]
        log("stall", on=pacer.stalled)
    elif "clip" in command:
        cameras[command["camera"]].play(command["clip"])
        log("clip", **command)


def main():
    Gst.init(None)
    site = json.loads(sys.stdin.readline())
    clips = {}

    def clip(told):
        key = told["path"]
        clips[key] = clips.get(key) or Clip(**told)
        return clips[key]

    cameras = [Camera(each["path"], [clip(c) for c in each["clips"]], **each["options"]) for each in site["cameras"]]
    servers = serve(site, cameras)
    pacer = Pacer(cameras, site["t0"])
    loop = GLib.MainLoop()

    def listen():
        for line in sys.stdin:
            GLib.idle_add(obey, json.loads(line), cameras, pacer)
        GLib.idle_add(loop.quit)

    for work in (pacer.run, listen):
        threading.Thread(target=work, daemon=True).start()
    log("ready", t0=site["t0"], addresses=[server.get_address() for server in servers])
    loop.run()


if __name__ == "__main__":
    main()

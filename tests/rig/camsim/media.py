"""One simulated camera: its tracks, and what it sends on them, when."""

import heapq
import re
import time

from gi.repository import Gst, GstRtsp, GstRtspServer

LIVE = "is-live=true format=time max-buffers=50 max-bytes=0 max-time=0 leaky-type=downstream"
PAYLOADERS = {
    "video/x-h264": "rtph264pay config-interval={interval} pt=96",
    "video/x-h265": "rtph265pay config-interval={interval} pt=96",
    "image/jpeg": "rtpjpegpay pt=26",
    "video/mpeg": "rtpmp4vpay config-interval=1 pt=96",
}
AUDIO_RATE = 8000
SILENCE = f"caps=audio/x-alaw,rate={AUDIO_RATE},channels=1 ! rtppcmapay pt=8"
VIEWER = "viewer"


class Camera(GstRtspServer.RTSPMediaFactory):
    """`clips`: the first is what it sends, unless told to go on with another.

    `tracks`: what the session offers, in this order: "video", "audio", "other" (the second clip).
    `parameter_sets`: where H.264's are: "both", in the SDP and before each keyframe, or only in one of these,
    "sdp" or "inband".
    `tcp_only`: it refuses RTP over UDP.
    """

    def __init__(self, path, clips, tracks=("video",), parameter_sets="both", tcp_only=False):
        super().__init__()
        if tcp_only:
            self.set_protocols(GstRtsp.RTSPLowerTrans.TCP)
        # The server finds a camera by the path alone; what was asked for is in the events.
        self.name = path.split("?")[0]
        self.clips, self.tracks, self.parameter_sets = clips, tracks, parameter_sets
        self.clip = clips[0]
        #: What feeds the tracks of each pipeline: there is one for each address by which clients call the camera.
        self.pipelines = []
        self.set_launch(f"( {' '.join(self.track(i, what) for i, what in enumerate(tracks))} )")
        self.set_shared(True)
        self.connect("media-configure", self.on_media)

    def track(self, i, what):
        source = f"appsrc name=src{i} {LIVE}"
        if what == "audio":
            return f"{source} {SILENCE} name=pay{i}"
        clip = self.clips[what == "other"]
        payloader = PAYLOADERS[clip.caps.split(",")[0]].format(interval=0 if self.parameter_sets == "sdp" else -1)
        return f"{source} ! {payloader} mtu=1400 name=pay{i}"

    def on_media(self, _factory, media):
        element, feeds = media.get_element(), []
        for i, what in enumerate(self.tracks):
            source = element.get_by_name(f"src{i}")
            if what != "audio":
                clip = self.clip if what == "video" else self.clips[1]
                source.set_property("caps", Gst.Caps.from_string(clip.caps))
            if self.parameter_sets == "inband":
                pad = element.get_by_name(f"pay{i}").get_static_pad("src")
                pad.add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, without_parameter_sets)
            feeds.append((source, what))
        self.pipelines.append(feeds)
        media.connect("unprepared", lambda _media: self.pipelines.remove(feeds))

    def feeds(self):
        return [feed for feeds in list(self.pipelines) for feed in feeds]

    def for_viewers_only(self):
        permissions = GstRtspServer.RTSPPermissions()
        for what in ("access", "construct"):
            permissions.add_permission_for_role(VIEWER, f"media.factory.{what}", True)
        self.set_permissions(permissions)

    def play(self, number):
        """Go on with another clip of the same rate, its size may differ."""
        self.clip = self.clips[number]
        for source, what in self.feeds():
            if what == "video":
                source.set_property("caps", Gst.Caps.from_string(self.clip.caps))

    def send(self, n):
        """Hand frame n, and the sound that goes with it, to who watches."""
        for source, what in self.feeds():
            if what == "audio":
                push(source, b"\xd5" * (AUDIO_RATE // self.clip.fps), self.clip.fps)
            else:
                clip = self.clip if what == "video" else self.clips[1]
                now = n % len(clip.units)
                push(source, clip.units[now], clip.fps, clip.shown_after[now])


def push(source, data, fps, shown_after=0):
    # On the way to PLAYING there is a clock, but no base time yet: a buffer stamped then lies in
    # a far future, and the sinks wait for it.
    clock = source.get_clock()
    if clock is None or source.current_state != Gst.State.PLAYING:
        return
    buf = Gst.Buffer.new_wrapped(data)
    buf.duration = Gst.SECOND // fps
    buf.dts = max(0, clock.get_time() - source.get_base_time())
    buf.pts = buf.dts + shown_after * buf.duration
    source.emit("push-buffer", buf)


def without_parameter_sets(pad, info):
    """Take the parameter sets out of a payloader's caps, from which the SDP is made."""
    event = info.get_event()
    if event.type == Gst.EventType.CAPS:
        told = event.parse_caps().to_string()
        bare = re.sub(r", sprop-[\w-]+=\(string\)(\"[^\"]*\"|[^,;]+)", "", told)
        if bare != told:
            pad.push_event(Gst.Event.new_caps(Gst.Caps.from_string(bare)))
            return Gst.PadProbeReturn.DROP
    return Gst.PadProbeReturn.OK


class Pacer:
    """Sends each camera's frames by the wall clock."""

    def __init__(self, cameras, t0):
        self.cameras, self.t0 = cameras, t0
        self.stalled = False

    def run(self):
        now = time.time() - self.t0
        # (seconds after t0, of which camera)
        due = [((int(now * c.clip.fps) + 1) / c.clip.fps, i) for i, c in enumerate(self.cameras)]
        heapq.heapify(due)
        while True:
            when, i = due[0]
            camera = self.cameras[i]
            wait = self.t0 + when - time.time()
            if wait > 0:
                time.sleep(wait)
            n = round(when * camera.clip.fps)
            if not self.stalled:
                camera.send(n)
            heapq.heapreplace(due, ((n + 1) / camera.clip.fps, i))

"""From a clip file to what its payloader takes: access units, and the caps that say what they are.

One slice a picture, no B-pyramid: clip.py makes them so.
"""

import re
from itertools import pairwise


class Clip:
    """An encoded clip: its pictures in the order of sending, and where in time each is shown."""

    def __init__(self, path, codec, size, fps, **_):
        with open(path, "rb") as file:
            data = file.read()
        self.fps = fps
        width, height = size.split("x")
        self.units, kind = READERS[codec](data)
        self.caps = f"{kind},width={width},height={height},framerate={fps}/1"
        #: How many pictures later than it is sent a picture is shown; more than 0 only beside B-frames.
        self.shown_after = reordering(self.units) if codec == "h264" else [0] * len(self.units)


def mjpeg(data):
    return [b"\xff\xd8" + picture for picture in data.split(b"\xff\xd8\xff")[1:]], "image/jpeg"


def mpeg4(data):
    """MPEG-4 part 2: a unit ends before the next headers or the next picture."""
    cuts = [m.start() for m in re.finditer(b"\0\0\1[\xb0\xb3\xb6]", data)] + [len(data)]
    units, unit = [], b""
    for start, end in pairwise(cuts):
        unit += data[start:end]
        if data[start + 3] == 0xB6:
            units.append(unit)
            unit = b""
    return units, "video/mpeg,mpegversion=4,systemstream=false"


def h265(data):
    """Annex B -> access units with their parameter sets and start codes."""
    units, unit = [], b""
    for nal in nals(data):
        unit += b"\0\0\0\1" + nal
        if (nal[0] >> 1) & 63 < 32:
            units.append(unit)
            unit = b""
    return units, "video/x-h265,stream-format=byte-stream,alignment=au"


def h264(data):
    """Annex B -> AVC access units without parameter sets, which go into the caps."""
    units, unit, sps, pps = [], b"", None, None
    for nal in nals(data):
        kind = nal[0] & 31
        if kind == 7:
            sps = nal
        elif kind == 8:
            pps = nal
        elif kind in (1, 5, 6):
            unit += len(nal).to_bytes(4, "big") + nal
            if kind != 6:
                units.append(unit)
                unit = b""
    avcc = b"\1" + sps[1:4] + b"\xff\xe1" + len(sps).to_bytes(2, "big") + sps
    avcc += b"\1" + len(pps).to_bytes(2, "big") + pps
    return units, f"video/x-h264,stream-format=avc,alignment=au,codec_data=(buffer){avcc.hex()}"


READERS = {"h264": h264, "h265": h265, "mjpeg": mjpeg, "mpeg4": mpeg4}


def nals(data):
    """Annex B -> NAL units."""
    cuts = [m.start() for m in re.finditer(b"\0\0\1", data)] + [len(data)]
    for start, end in pairwise(cuts):
        nal = data[start + 3 : end]
        yield nal.rstrip(b"\0") if end < len(data) else nal


def reordering(units):
    """By how many pictures each access unit is sent before it is shown."""
    shown, anchor, order = 0, None, {}
    for sent, unit in enumerate(units):
        if is_b(unit):
            order[sent] = shown
            shown += 1
        else:
            # A picture that others look ahead to is shown after them.
            if anchor is not None:
                order[anchor] = shown
                shown += 1
            anchor = sent
    order[anchor] = shown
    early = max(sent - place for sent, place in order.items())
    return [order[sent] - sent + early for sent in range(len(units))]


def is_b(unit):
    """Whether an H.264 access unit is a B picture, by its slice header."""
    at = 0
    while unit[at + 4] & 31 not in (1, 5):
        at += 4 + int.from_bytes(unit[at : at + 4], "big")
    bits = "".join(f"{byte:08b}" for byte in unit[at + 5 : at + 21])
    _first_macroblock, bits = exp_golomb(bits)
    slice_type, _ = exp_golomb(bits)
    return slice_type % 5 == 1


def exp_golomb(bits):
    """The unsigned number at the head of `bits`, and the rest."""
    zeros = bits.index("1")
    return int(bits[zeros : 2 * zeros + 1], 2) - 1, bits[2 * zeros + 1 :]

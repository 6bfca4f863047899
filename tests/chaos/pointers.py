"""Files that name other files and addresses, in every form that some reader follows; and traps that
tell whether anybody did."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from worker.media.probing.ffmpeg_tools import find_tools

_TEXTS: dict[str, str] = {
    "HLS playlist (m3u8)": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{0}\n#EXT-X-ENDLIST\n",
    "HLS master with a key": (
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-KEY:METHOD=AES-128,URI=\"{0}\"\n#EXTINF:2,\n{0}\n"
        "#EXT-X-ENDLIST\n"
    ),
    "HLS with a concat address": (
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nconcat:{0}|{0}\n#EXT-X-ENDLIST\n"
    ),
    "ffconcat list": "ffconcat version 1.0\nfile '{0}'\n",
    "DASH manifest (mpd)": (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">'
        '<Period><AdaptationSet><Representation id="1" bandwidth="1"><BaseURL>{0}</BaseURL>'
        "</Representation></AdaptationSet></Period></MPD>"
    ),
    "SVG with an image": (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        'width="9" height="9"><image xlink:href="{0}" width="9" height="9"/></svg>'
    ),
    "SVG with an entity": (
        '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "{0}">]>'
        '<svg xmlns="http://www.w3.org/2000/svg"><text>&x;</text></svg>'
    ),
    "SDP": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nt=0 0\na=control:{0}\n"
    "m=video {1} RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    "RealMedia pointer (ram)": "{0}\n",
    "ASX": '<asx version="3.0"><entry><ref href="{0}"/></entry></asx>',
    "PLS": "[playlist]\nFile1={0}\nNumberOfEntries=1\n",
    "XSPF": '<playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList><track><location>{0}'
    "</location></track></trackList></playlist>",
    "SMIL": '<smil><body><video src="{0}"/></body></smil>',
    "QuickTime text pointer": "RTSPtext{0}\n",
    "ImageMagick script (mvg)": "push graphic-context\nviewbox 0 0 9 9\nimage over 0,0 9,9 '{0}'\n",
    "ImageMagick script (msl)": '<image><read filename="{0}"/></image>',
    "PostScript": "%!PS\n({0}) (r) file 9 string readstring pop =\n",
    "subtitles": "1\n00:00:00,000 --> 00:00:01,000\n{0}\n",
    "SSA subtitles with a font": "[Script Info]\nScriptType: v4.00+\n[Fonts]\nfontname: {0}\n",
    "filter graph": "movie={0}",
}  # fmt: skip


def pointers(target: Path, port: int) -> Iterator[tuple[str, str, bytes]]:
    """Form, what it points at, and the file: text forms at a local file in two spellings and at a
    listening port, and a real MP4 whose track lies in another file."""
    places = {
        "local file": str(target),
        "file: address": f"file://{target}",
        "listening port": f"http://127.0.0.1:{port}/x.mp4",
    }
    for form, text in _TEXTS.items():
        for place, address in places.items():
            yield form, place, text.format(address, port).encode()
    yield "MP4 with its media elsewhere (dref alias)", "local file", aliased(target)


def aliased(target: Path) -> bytes:
    """An MP4 whose sample data is said to lie at `target` (QuickTime File Format, data reference
    atom; the alias as ffmpeg's demuxer reads it)."""
    command = [find_tools().ffmpeg, "-nostdin", "-v", "error", "-i", str(target), "-c", "copy",
               "-an", "-f", "mp4", "-movflags", "frag_keyframe+empty_moov", "pipe:1"]  # fmt: skip
    made = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    data = bytearray(made.stdout)
    name = str(target).encode()
    name += b"\0" * (len(name) % 2)
    alias = bytearray(150)
    short = target.name.encode()[:63]
    alias[50:51] = bytes([len(short)])
    alias[51 : 51 + len(short)] = short
    alias[130:134] = struct.pack(">hh", 0, 1)
    alias += struct.pack(">HH", 2, len(name)) + name + struct.pack(">HH", 0xFFFF, 0)
    entry = b"alis" + bytes(4) + alias
    entry = struct.pack(">I", len(entry) + 4) + entry
    place = data.index(b"dref") + 12  # behind version, flags and the count
    old = struct.unpack_from(">I", data, place)[0]
    grown = len(entry) - old
    for box in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        at = data.index(box) - 4
        struct.pack_into(">I", data, at, struct.unpack_from(">I", data, at)[0] + grown)
    data[place : place + old] = entry
    return bytes(data)


@dataclass
class Traps:
    """A file that is watched, and a port that listens."""

    target: Path
    port: int
    _watch: int
    _listener: socket.socket

    def sprung(self) -> str:
        """What has happened since the last look: `read`, `connected`, both, or nothing."""
        found = []
        try:
            os.read(self._watch, 65_536)
            found.append("read")
        except BlockingIOError:
            pass
        try:
            self._listener.accept()[0].close()
            found.append("connected")
        except BlockingIOError:
            pass
        return " and ".join(found)


_IN_ACCESS, _IN_OPEN = 0x1, 0x20


@contextmanager
def traps(target: Path) -> Iterator[Traps]:
    """Sets them; `target` is watched for openings and readings by inotify(7)."""
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if watch < 0 or libc.inotify_add_watch(watch, str(target).encode(), _IN_ACCESS | _IN_OPEN) < 0:
        raise OSError(ctypes.get_errno(), "inotify")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        try:
            yield Traps(target, listener.getsockname()[1], watch, listener)
        finally:
            os.close(watch)

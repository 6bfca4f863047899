"""The sound track of an export: copied where MP4 players take it, else encoded as AAC."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Protocol

from av.error import FFmpegError

_BIT_RATE = 160_000
_CODEC = "aac"


class Sound(Protocol):
    """A sound track on its way; `stream` is the source's."""

    stream: Any

    def add(self, packet: Any) -> None:
        """One packet of the source, the empty one at its end too."""

    def finish(self) -> None:
        """Writes what is left."""


class CopiedSound:
    """The packets as they are; `shift_us` is added to their times."""

    def __init__(self, out: Any, stream: Any, shift_us: int) -> None:
        self.stream = stream
        self._out = out
        self._track = out.add_stream_from_template(stream)
        self._shift_us = shift_us

    def add(self, packet: Any) -> None:
        """One packet; those without a time are dropped."""
        if packet.dts is None or packet.pts is None:
            return
        shift = round(self._shift_us / (packet.time_base * 1_000_000))
        packet.pts += shift
        packet.dts += shift
        packet.stream = self._track
        self._out.mux(packet)

    def finish(self) -> None:
        """Nothing is left."""


class EncodedSound:
    """Decoded and encoded as AAC; packets that do not decode are left out."""

    def __init__(self, out: Any, stream: Any, shift_us: int) -> None:
        self.stream = stream
        self._out = out
        self._shift_us = shift_us
        rate = stream.codec_context.sample_rate
        channels = min(2, stream.codec_context.channels)
        self._track = out.add_stream(_CODEC, rate=rate)
        self._track.codec_context.layout = "stereo" if channels == 2 else "mono"
        self._track.codec_context.bit_rate = _BIT_RATE
        self._track.codec_context.time_base = Fraction(1, rate)

    def add(self, packet: Any) -> None:
        """One packet."""
        try:
            frames = packet.decode()
        except FFmpegError:
            return
        for frame in frames:
            if frame.pts is not None and frame.time_base:
                frame.pts += round(self._shift_us / (frame.time_base * 1_000_000))
            self._out.mux(self._track.encode(frame))

    def finish(self) -> None:
        """The encoder's last packets."""
        self._out.mux(self._track.encode(None))

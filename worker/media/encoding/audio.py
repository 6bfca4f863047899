"""The sound track of an export: copied where MP4 players take it, else encoded as AAC."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Protocol

import av
import numpy as np
from av.error import FFmpegError

from worker.media.sandbox.limits import BACK_S, LONGEST_GAP_S

_BIT_RATE = 160_000
_CODEC = "aac"
_FORMAT = "fltp"
_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
"""Samples a second of AAC (ISO/IEC 14496-3, table 1.18) up to what players take."""


class Sound(Protocol):
    """A sound track on its way; `stream` is the source's, `empty` whether nothing came of it."""

    stream: Any
    empty: bool

    def add(self, packet: Any) -> None:
        """One packet of the source, the empty one at its end too."""

    def finish(self) -> None:
        """Writes what is left."""


class CopiedSound:
    """The packets as they are; `shift_us` is added to their times."""

    def __init__(self, out: Any, stream: Any, shift_us: int) -> None:
        self.stream = stream
        self.empty = False
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
    """Decoded and encoded as AAC; packets that do not decode are left out.

    The track has one rate and layout whatever the source changes to. Its samples follow on each
    other: a gap of up to `longest_gap_s` in the source's times becomes silence, where it ends by
    `picture_end_us` behind which LONGEST_GAP_S is the most, and a clock that restarts is gone on
    with.
    """

    def __init__(
        self, out: Any, stream: Any, shift_us: int, longest_gap_s: float, picture_end_us: int
    ) -> None:
        self.stream = stream
        self.empty = True
        self._out = out
        self._shift_s = Fraction(shift_us, 1_000_000)
        self._longest_gap_s = longest_gap_s
        self._rate = rate_for(stream.codec_context.sample_rate or 0)
        self._picture_end = picture_end_us * self._rate // 1_000_000
        self._layout = "mono" if stream.codec_context.channels == 1 else "stereo"
        self._track = out.add_stream(_CODEC, rate=self._rate)
        self._track.codec_context.layout = self._layout
        self._track.codec_context.bit_rate = _BIT_RATE
        self._track.codec_context.time_base = Fraction(1, self._rate)
        self._kind: tuple[object, ...] = ()
        self._resampler: Any = None
        self._next: int | None = None
        self._moved = 0
        """Samples by which the source's times are put off, as its clock restarted."""

    def add(self, packet: Any) -> None:
        """One packet."""
        try:
            frames = packet.decode()
        except FFmpegError:
            return
        for frame in frames:
            self._place(frame)
            self._resample(frame)

    def finish(self) -> None:
        """The encoder's last packets."""
        self._flush()
        if not self.empty:
            self._out.mux(self._track.encode(None))

    def _place(self, frame: Any) -> None:
        """Makes up for where the frame's time is not where its samples would follow on."""
        stamp = None
        if frame.pts is not None and frame.time_base:
            stamp = round((frame.pts * frame.time_base + self._shift_s) * self._rate)
        if self._next is None:
            self._next = stamp or 0
        if stamp is None:
            return
        ahead = stamp + self._moved - self._next
        # a few packets, hours apart behind a short picture, would be hours of silence to encode
        inside = stamp + self._moved <= self._picture_end
        longest_s = self._longest_gap_s if inside else LONGEST_GAP_S
        if BACK_S < ahead / self._rate <= longest_s:
            self._flush()
            self._silence(ahead)
        elif abs(ahead) / self._rate > BACK_S:
            self._moved -= ahead

    def _silence(self, count: int) -> None:
        channels = 1 if self._layout == "mono" else 2
        for start in range(0, count, self._rate):
            samples = np.zeros((channels, min(self._rate, count - start)), np.float32)
            self._encode(av.AudioFrame.from_ndarray(samples, format=_FORMAT, layout=self._layout))

    def _resample(self, frame: Any) -> None:
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind != self._kind:
            self._flush()
            self._kind = kind
            self._resampler = av.AudioResampler(_FORMAT, self._layout, self._rate)
        frame.pts = None
        for made in self._resampler.resample(frame):
            self._encode(made)

    def _flush(self) -> None:
        if self._resampler is not None:
            for made in self._resampler.resample(None):
                self._encode(made)
        self._resampler, self._kind = None, ()

    def _encode(self, frame: Any) -> None:
        assert self._next is not None
        if not frame.samples:
            return
        frame.pts, frame.time_base = self._next, Fraction(1, self._rate)
        frame.sample_rate = self._rate
        self._next += frame.samples
        self.empty = False
        self._out.mux(self._track.encode(frame))


def rate_for(rate: int) -> int:
    """The rate that AAC has for sound of `rate` samples a second: the next one up."""
    return next((known for known in _RATES if known >= rate), _RATES[-1])

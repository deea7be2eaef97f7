"""The sound of any audio or video file, by the FFmpeg that comes with Qt (LGPL; PySide6-Addons' wheel). Runs in a worker.

Called through ctypes. Qt's own QAudioDecoder over the same libraries crashes where a file's rate changes in its middle, hangs on
MP3 files of a usual kind, and loses sound of others without a word; PyAV's wheels, and most of FFmpeg's, carry GPL codecs. A few
fields of FFmpeg's structures are read at their places in the public headers of one major version (FFmpeg 9); another is refused.

A file may name others (a playlist called song.mp3): only listed kinds of files, and no other protocol than `file`, are opened.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from ctypes import POINTER, byref, c_char_p, c_int, c_int32, c_int64, c_uint64, c_void_p
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Frames = npt.NDArray[np.float32]

MAJORS = {"avutil": 61, "swresample": 7, "avcodec": 63, "avformat": 63}
FORMATS = (
    "aac,ac3,eac3,aiff,alac,amr,amrnb,amrwb,ape,asf,asf_o,au,avi,caf,dts,dtshd,flac,flv,gsm,matroska,webm,mov,mp4,m4a,3gp,3g2,"
    "mj2,mp3,mpc,mpc8,mpeg,mpegts,mxf,nut,ogg,oma,rm,sln,tak,truehd,tta,voc,w64,wav,wv,dsf,dv"
)

# Places in the structures, in bytes on 64-bit machines (libavformat/avformat.h, libavcodec/codec_par.h, packet.h, libavutil/frame.h).
_CONTEXT_STREAM_COUNT, _CONTEXT_STREAMS, _CONTEXT_DURATION = 44, 48, 104
_STREAM_PARAMETERS, _STREAM_TIME_BASE, _STREAM_START, _STREAM_DISCARD = 16, 32, 40, 68
_PARAMETERS_KIND, _PARAMETERS_TAG = 0, 8
_PACKET_TIME, _PACKET_STREAM = 8, 36
_FRAME_DATA, _FRAME_COUNT, _FRAME_FORMAT = 96, 112, 116
_AUDIO, _FLOAT, _DISCARD_ALL = 1, 3, 48
_NO_TIME = -(2**63)
_AGAIN, _END = -(35 if sys.platform == "darwin" else 11), -0x20464F45
_QUIET = -8
_BACKWARDS = 1  # AVSEEK_FLAG_BACKWARD: to a place before the one that is wanted
_LEAD_SECONDS = 1.0  # decoders need some sound before they are right
_PROBED = "20000000"  # bytes and microseconds that FFmpeg may look at, to know what is in a file
_PROTECTED = (b"drms", b"enca")


class MediaError(Exception):
    """`why` is 'missing' (no FFmpeg that is known), 'unknown' (no media file), 'silent' (no sound in it), 'protected' or 'damaged'."""

    def __init__(self, why: str, words: str = "") -> None:
        super().__init__(f"{why}: {words}")
        self.why = why


class _Layout(ctypes.Structure):
    _fields_ = (("order", c_int), ("channels", c_int), ("mask", c_uint64), ("opaque", c_void_p))


@dataclass(frozen=True)
class Chunk:
    """About a second of sound: frames × channels. `position` is how far the file was read, in seconds."""

    position: float
    frames: Frames


def _library(name: str, major: int) -> ctypes.CDLL:
    folders = (Path(folder, "PySide6") for folder in sys.path)
    base = next((folder for folder in folders if folder.is_dir()), None)  # looked for, not imported
    if base is None:
        raise MediaError("missing", "PySide6 is not installed")
    try:
        if sys.platform == "win32":
            os.add_dll_directory(str(base))
            return ctypes.CDLL(str(base / f"{name}-{major}.dll"))
        if sys.platform == "darwin":
            return ctypes.CDLL(str(base / "Qt" / "lib" / f"lib{name}.{major}.dylib"))
        # Symbols for encrypted connections are left out of the wheel; only a lazy loader, as Qt's, does not mind.
        path = base / "Qt" / "lib" / f"lib{name}.so.{major}"
        loader = ctypes.CDLL(None)
        loader.dlopen.restype, loader.dlopen.argtypes = c_void_p, [c_char_p, c_int]
        handle = loader.dlopen(os.fsencode(path), os.RTLD_LAZY)
        if not handle:
            raise MediaError("missing", str(path))
        return ctypes.CDLL(str(path), handle=handle)
    except OSError as error:
        raise MediaError("missing", str(error)) from error


_POINTER = POINTER(c_void_p)
_LAYOUT = POINTER(_Layout)
# library, function, result, arguments
_FUNCTIONS: tuple[tuple[str, str, Any, list[Any]], ...] = (
    ("avformat", "avformat_open_input", c_int, [_POINTER, c_char_p, c_void_p, _POINTER]),
    ("avformat", "avformat_find_stream_info", c_int, [c_void_p, c_void_p]),
    ("avformat", "av_find_best_stream", c_int, [c_void_p, c_int, c_int, c_int, _POINTER, c_int]),
    ("avformat", "av_read_frame", c_int, [c_void_p, c_void_p]),
    ("avformat", "av_seek_frame", c_int, [c_void_p, c_int, c_int64, c_int]),
    ("avformat", "avformat_close_input", None, [_POINTER]),
    ("avcodec", "avcodec_alloc_context3", c_void_p, [c_void_p]),
    ("avcodec", "avcodec_parameters_to_context", c_int, [c_void_p, c_void_p]),
    ("avcodec", "avcodec_open2", c_int, [c_void_p, c_void_p, c_void_p]),
    ("avcodec", "avcodec_free_context", None, [_POINTER]),
    ("avcodec", "avcodec_send_packet", c_int, [c_void_p, c_void_p]),
    ("avcodec", "avcodec_receive_frame", c_int, [c_void_p, c_void_p]),
    ("avcodec", "av_packet_alloc", c_void_p, []),
    ("avcodec", "av_packet_unref", None, [c_void_p]),
    ("avcodec", "av_packet_free", None, [_POINTER]),
    ("avutil", "av_frame_alloc", c_void_p, []),
    ("avutil", "av_frame_unref", None, [c_void_p]),
    ("avutil", "av_frame_free", None, [_POINTER]),
    ("avutil", "av_opt_get_int", c_int, [c_void_p, c_char_p, c_int, POINTER(c_int64)]),
    ("avutil", "av_opt_get_chlayout", c_int, [c_void_p, c_char_p, c_int, _LAYOUT]),
    ("avutil", "av_channel_layout_default", None, [_LAYOUT, c_int]),
    ("avutil", "av_dict_set", c_int, [_POINTER, c_char_p, c_char_p, c_int]),
    ("avutil", "av_dict_free", None, [_POINTER]),
    ("avutil", "av_strerror", c_int, [c_int, c_char_p, ctypes.c_size_t]),
    ("avutil", "av_log_set_level", None, [c_int]),
    (
        "swresample",
        "swr_alloc_set_opts2",
        c_int,
        [_POINTER, _LAYOUT, c_int, c_int, _LAYOUT, c_int, c_int, c_int, c_void_p],
    ),
    ("swresample", "swr_init", c_int, [c_void_p]),
    ("swresample", "swr_convert", c_int, [c_void_p, _POINTER, c_int, c_void_p, c_int]),
    ("swresample", "swr_get_out_samples", c_int, [c_void_p, c_int]),
    ("swresample", "swr_free", None, [_POINTER]),
)


class _Functions:
    """FFmpeg's functions, by their names."""

    def __init__(self) -> None:
        libraries = {}
        for name, major in MAJORS.items():
            library = libraries[name] = _library(name, major)
            found = getattr(library, f"{name}_version")() >> 16
            if found != major:
                raise MediaError("missing", f"{name} {found} instead of {major}")
        for library_name, name, result, arguments in _FUNCTIONS:
            function = getattr(libraries[library_name], name)
            function.restype, function.argtypes = result, arguments
            setattr(self, name, function)
        self.av_log_set_level(_QUIET)  # it prints the names of files

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def words(self, code: int) -> str:
        """FFmpeg's own words for an error."""
        text = ctypes.create_string_buffer(256)
        self.av_strerror(code, text, 256)
        return text.value.decode("utf-8", "replace")


def _int(structure: int, place: int) -> int:
    return c_int32.from_address(structure + place).value


def _long(structure: int, place: int) -> int:
    return c_int64.from_address(structure + place).value


def _pointer(structure: int, place: int) -> int:
    return c_void_p.from_address(structure + place).value or 0


class Media:
    """A file that is open. Raises MediaError."""

    def __init__(self, path: Path, rate: int) -> None:
        """`rate` is what its sound is brought to, in samples a second."""
        self._f = f = _Functions()
        self._rate = rate
        self._context = c_void_p()
        options = c_void_p()
        for key, value in (
            ("protocol_whitelist", "file"),
            ("format_whitelist", FORMATS),
            ("probesize", _PROBED),
            ("analyzeduration", _PROBED),
        ):
            f.av_dict_set(byref(options), key.encode(), value.encode(), 0)
        name = b"file:" + os.fsencode(path.absolute())
        error = f.avformat_open_input(byref(self._context), name, None, byref(options))
        f.av_dict_free(byref(options))
        if error < 0:
            raise MediaError("unknown", f.words(error))
        if f.avformat_find_stream_info(self._context, None) < 0:
            self.close()
            raise MediaError("unknown")
        assert self._context.value
        duration = _long(self._context.value, _CONTEXT_DURATION)
        self.duration = duration / 1e6 if duration > 0 else 0.0  # an estimate, or not known (0)
        streams = _pointer(self._context.value, _CONTEXT_STREAMS)
        count = _int(self._context.value, _CONTEXT_STREAM_COUNT)
        self._streams = [_pointer(streams, 8 * number) for number in range(count)]
        kinds = [_int(_pointer(stream, _STREAM_PARAMETERS), _PARAMETERS_KIND) for stream in self._streams]
        if _AUDIO not in kinds:
            self.close()
            raise MediaError("silent")

    def close(self) -> None:
        """Let go of the file."""
        self._f.avformat_close_input(byref(self._context))

    def __enter__(self) -> Media:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def chunks(self, begin: float = 0.0) -> Iterator[Chunk]:
        """The sound of the track that FFmpeg takes for the main one, from second `begin` on. Parts that are damaged are left out."""
        decoder = _Decoder(self._f, self._context, self._streams, self._rate)
        if begin > 0:
            decoder.go_to(begin)
        held: list[Frames] = []
        size = total = 0
        try:
            for frames in decoder.frames():
                if held and held[0].shape[1] != frames.shape[1]:
                    yield Chunk(decoder.position, np.concatenate(held))
                    held, size = [], 0
                held.append(frames)
                size += len(frames)
                total += len(frames)
                if size >= self._rate:
                    yield Chunk(decoder.position, np.concatenate(held))
                    held, size = [], 0
            if held:
                yield Chunk(decoder.position, np.concatenate(held))
        finally:
            decoder.close()
        if not total:
            raise MediaError("damaged")


class _Decoder:
    """One track of an open file."""

    def __init__(self, f: _Functions, context: c_void_p, streams: list[int], rate: int) -> None:
        self._f, self._context, self._rate = f, context, rate
        self.position = 0.0
        self._before = 0.0  # sound before this second is left out
        self._codec, self._resampler = c_void_p(), c_void_p()
        self._packet, self._frame = c_void_p(f.av_packet_alloc()), c_void_p(f.av_frame_alloc())
        self._shape: tuple[int, ...] = ()  # of what comes: rate, channels, format, layout
        codec = c_void_p()
        self._index = f.av_find_best_stream(context, _AUDIO, -1, -1, byref(codec), 0)
        if self._index < 0:
            self.close()
            raise MediaError("damaged", f.words(self._index))
        for number, stream in enumerate(streams):
            c_int32.from_address(stream + _STREAM_DISCARD).value = (
                0 if number == self._index else _DISCARD_ALL
            )
        stream = streams[self._index]
        parameters = _pointer(stream, _STREAM_PARAMETERS)
        if _int(parameters, _PARAMETERS_TAG).to_bytes(4, "little", signed=True) in _PROTECTED:
            self.close()
            raise MediaError("protected")
        base = _int(stream, _STREAM_TIME_BASE), _int(stream, _STREAM_TIME_BASE + 4)
        self._seconds = base[0] / max(base[1], 1)
        start = _long(stream, _STREAM_START)
        self._start = 0 if start == _NO_TIME else start
        self._codec = c_void_p(f.avcodec_alloc_context3(codec))
        error = f.avcodec_parameters_to_context(self._codec, parameters)
        error = error if error < 0 else f.avcodec_open2(self._codec, codec, None)
        if error < 0:
            self.close()
            raise MediaError("damaged", f.words(error))

    def close(self) -> None:
        f = self._f
        f.swr_free(byref(self._resampler))
        f.av_packet_free(byref(self._packet))
        f.av_frame_free(byref(self._frame))
        f.avcodec_free_context(byref(self._codec))

    def go_to(self, begin: float) -> None:
        """Leave out what is before second `begin`; where the file's format allows it, that is not even read."""
        microseconds = int((max(begin - _LEAD_SECONDS, 0) + self._start * self._seconds) * 1e6)
        self._f.av_seek_frame(self._context, -1, microseconds, _BACKWARDS)
        self._before = begin

    def frames(self) -> Iterator[Frames]:
        """All sound of the track, in the pieces in which it lies in the file."""
        for frames in self._all():
            if self._before:
                late = self._before - self.position
                if late * self._rate >= len(frames):
                    continue
                frames = frames[max(int(late * self._rate), 0) :]
                self._before = 0.0
            yield frames

    def _all(self) -> Iterator[Frames]:
        f = self._f
        assert self._packet.value
        while f.av_read_frame(self._context, self._packet) >= 0:
            if _int(self._packet.value, _PACKET_STREAM) == self._index:
                at = _long(self._packet.value, _PACKET_TIME)
                if at != _NO_TIME:
                    self.position = (at - self._start) * self._seconds
                f.avcodec_send_packet(self._codec, self._packet)  # a damaged one is refused, and left out
                yield from self._decoded()
            f.av_packet_unref(self._packet)
        f.avcodec_send_packet(self._codec, None)
        yield from self._decoded()
        if self._shape:
            yield self._converted(None, 0)

    def _decoded(self) -> Iterator[Frames]:
        f = self._f
        assert self._frame.value
        while f.avcodec_receive_frame(self._codec, self._frame) >= 0:
            rate, layout = c_int64(), _Layout()
            f.av_opt_get_int(self._codec, b"ar", 0, byref(rate))
            f.av_opt_get_chlayout(self._codec, b"ch_layout", 0, byref(layout))
            if layout.order != 1:  # no places are named: any will do, since channels are not mixed here
                f.av_channel_layout_default(byref(layout), layout.channels)
            form = _int(self._frame.value, _FRAME_FORMAT)
            shape = (rate.value, layout.channels, form, layout.mask)
            if shape != self._shape:  # it may change in the middle of a file
                if self._shape:
                    yield self._converted(None, 0)
                    f.swr_free(byref(self._resampler))
                self._shape = shape
                error = f.swr_alloc_set_opts2(
                    byref(self._resampler),
                    byref(layout),
                    _FLOAT,
                    self._rate,
                    byref(layout),
                    form,
                    rate.value,
                    0,
                    None,
                )
                if error < 0 or f.swr_init(self._resampler) < 0:
                    raise MediaError("damaged", f"sound of the shape {shape}")
            count = _int(self._frame.value, _FRAME_COUNT)
            yield self._converted(_pointer(self._frame.value, _FRAME_DATA), count)
            f.av_frame_unref(self._frame)

    def _converted(self, data: int | None, count: int) -> Frames:
        room = self._f.swr_get_out_samples(self._resampler, count) + 32
        out = np.empty((room, self._shape[1]), np.float32)
        place = c_void_p(out.ctypes.data)
        got = self._f.swr_convert(self._resampler, byref(place), room, data, count)
        return out[: max(got, 0)]

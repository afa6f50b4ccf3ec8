"""What a file is by its first bytes and its outer structure, before any decoder sees it.

The client's name and content type are never trusted. Pure Python, reads a few kilobytes.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from market.media.reasons import Rejected

HEAD = 4096
EBML = b"\x1a\x45\xdf\xa3"
MP4_FIRST_BOXES = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
STILL_BRANDS = {b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis", b"hevc"}
LIST_STARTS = (b"#ext", b"ffconcat", b"[playlist]", b"file ", b"http", b"rtsp", b"concat:", b"subfile", b"<")
OFFICE = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".zip": "application/zip",
}
TEXTS = {".txt": "text/plain", ".csv": "text/csv", ".md": "text/plain"}


@dataclass(frozen=True)
class Found:
    kind: str
    """video, image or file"""
    content_type: str


def identify(path: Path, filename: str, wanted: str) -> Found:
    """The kind and type of the bytes. Raises Rejected when they are nothing we take, or not what is `wanted`."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        raise Rejected("empty")
    found = _media(head) or (_document(head, Path(filename).suffix.lower()) if wanted == "file" else None)
    if found is None:
        text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        raise Rejected("playlist" if wanted == "video" and text.startswith(LIST_STARTS) else "wrong_type")
    if found.kind != wanted:
        raise Rejected("other_kind", found=found.kind, wanted=wanted)
    return found


def _media(head: bytes) -> Found | None:
    if head[4:8] in MP4_FIRST_BOXES:
        if head[4:8] == b"ftyp" and head[8:12] in STILL_BRANDS:
            return None
        return Found("video", "video/quicktime" if head[8:12] == b"qt  " else "video/mp4")
    if head.startswith(EBML):
        return Found("video", "video/webm" if b"webm" in head[:64] else "video/x-matroska")
    if head.startswith(b"\xff\xd8\xff"):
        return Found("image", "image/jpeg")
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Found("image", "image/png")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Found("image", "image/webp")
    return None


def _document(head: bytes, suffix: str) -> Found | None:
    if head.startswith(b"%PDF-"):
        return Found("file", "application/pdf")
    if head.startswith(b"PK\x03\x04") and suffix in OFFICE:
        return Found("file", OFFICE[suffix])
    if suffix in TEXTS and b"\x00" not in head:
        return Found("file", TEXTS[suffix])
    return None


@dataclass(frozen=True)
class Outline:
    """What the container's own tables say, read without a demuxer."""

    rotation: int = 0


def outline(path: Path, content_type: str) -> Outline:
    """Check that the container is whole and keeps all its media inside itself."""
    with path.open("rb") as file:
        size = path.stat().st_size
        return (
            _matroska(file, size) if content_type in ("video/webm", "video/x-matroska") else _mp4(file, size)
        )


def _mp4(file: BinaryIO, size: int) -> Outline:
    seen: set[bytes] = set()
    rotation = 0
    for name, start, end, cut in _boxes(file, 0, size):
        if cut:
            if {b"moov", b"mdat"} <= seen and name not in (b"mdat", b"moof", b"moov"):
                break  # bytes some cameras append after the film
            raise Rejected("truncated")
        seen.add(name)
        if name == b"moov":
            rotation = _moov(file, start, end)
    if b"moov" not in seen:
        raise Rejected("truncated" if b"mdat" in seen else "unreadable")
    return Outline(rotation)


def _boxes(file: BinaryIO, at: int, end: int) -> Iterator[tuple[bytes, int, int, bool]]:
    """Name, start and end of the content of each box in a range; `cut` when it says it goes past the range."""
    while at + 8 <= end:
        file.seek(at)
        length, name = struct.unpack(">I4s", file.read(8))
        header = 8
        if length == 1:
            length, header = int.from_bytes(file.read(8), "big"), 16
        elif length == 0:
            length = end - at
        if length < header or at + length > end:
            yield name, at + header, end, True
            return
        yield name, at + header, at + length, False
        at += length


def _moov(file: BinaryIO, start: int, end: int) -> int:
    rotation = 0
    for name, inner, stop, _ in _boxes(file, start, end):
        if name == b"rmra":
            raise Rejected("playlist")
        if name == b"trak":
            turned = _track(file, inner, stop)
            rotation = rotation if turned is None else turned
    return rotation


def _track(file: BinaryIO, start: int, end: int) -> int | None:
    """The rotation of a picture track, None for others."""
    matrix, picture = 0, False
    for name, inner, stop, _ in _boxes(file, start, end):
        if name == b"tkhd":
            matrix = _rotation(_read(file, inner, min(stop, inner + 100)))
        elif name == b"mdia":
            for below, deep, last, _ in _boxes(file, inner, stop):
                if below == b"hdlr":
                    picture = _read(file, deep + 8, deep + 12) == b"vide"
                elif below == b"minf":
                    _references(file, deep, last)
    return matrix if picture else None


def _references(file: BinaryIO, start: int, end: int) -> None:
    """Refuse a track whose samples are said to lie in another file."""
    for name, inner, stop, _ in _boxes(file, start, end):
        if name == b"dinf":
            _references(file, inner, stop)
        elif name == b"dref":
            for _, entry, _, _ in _boxes(file, inner + 8, stop):
                if not _read(file, entry + 3, entry + 4)[0] & 1:
                    raise Rejected("playlist")


def _rotation(header: bytes) -> int:
    """Degrees clockwise from a tkhd matrix."""
    at = 52 if header[:1] == b"\x01" else 40
    if len(header) < at + 8:
        return 0
    a, b = struct.unpack(">ii", header[at : at + 8])
    return {(1, 0): 0, (0, 1): 90, (-1, 0): 180, (0, -1): 270}.get((_sign(a), _sign(b)), 0)


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def _read(file: BinaryIO, start: int, end: int) -> bytes:
    file.seek(start)
    got = file.read(end - start)
    if len(got) < end - start:
        raise Rejected("truncated")
    return got


def _matroska(file: BinaryIO, size: int) -> Outline:
    """A segment that names its length must have it; recordings of unknown length are read to the end."""
    at = 0
    while at < size:
        name, at = _vint(file, at, keep_marker=True)
        length, at = _vint(file, at)
        if length is None or name == 0x1F43B675:  # unknown length: nothing more to check
            break
        if at + length > size:
            raise Rejected("truncated")
        at += length
    return Outline()


def _vint(file: BinaryIO, at: int, *, keep_marker: bool = False) -> tuple[int | None, int]:
    """An EBML number and where it ends; None for the reserved "unknown"."""
    first = _read(file, at, at + 1)[0]
    width = 9 - first.bit_length()
    if not first:
        raise Rejected("unreadable")
    number = int.from_bytes(_read(file, at, at + width), "big")
    if keep_marker:
        return number, at + width
    number &= (1 << 7 * width) - 1
    return (None if number == (1 << 7 * width) - 1 else number), at + width

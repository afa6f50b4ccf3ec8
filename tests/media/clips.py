"""Films and pictures made on the spot: good ones, odd ones and hostile ones. Each is a function that writes a file."""

import struct
import subprocess
import zlib
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from market.media import ffmpeg

CJK_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc",
)


def make(target: Path, *arguments: str | Path) -> Path:
    """Run ffmpeg with our arguments; a clip that cannot be made is an error of the test itself."""
    command = [ffmpeg.binary(), "-nostdin", "-hide_banner", "-loglevel", "error", "-y", *map(str, arguments)]
    subprocess.run([*command, str(target)], check=True, timeout=60, stdin=subprocess.DEVNULL)
    return target


def clip(
    target: Path,
    *,
    seconds: float = 3,
    size: str = "480x320",
    rate: int = 15,
    sound: bool = True,
    codec: str = "libx264",
) -> Path:
    """A moving test picture with a tone."""
    tone = ["-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}"] if sound else []
    extra = ["-preset", "ultrafast", "-pix_fmt", "yuv420p"] if codec == "libx264" else []
    return make(
        target, "-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}", *tone,
        "-c:v", codec, *extra, *(["-shortest"] if sound else []),
    )  # fmt: skip


def clip_with_words(target: Path, words: str = "双十一 限时好物") -> Path:
    """Black, with white words across the middle; the words are a picture laid over, as the product does it."""
    font_file = next((font for font in CJK_FONTS if Path(font).exists()), None)
    font = ImageFont.truetype(font_file, 40) if font_file else ImageFont.load_default(40)
    picture = Image.new("RGB", (480, 320), "black")
    ImageDraw.Draw(picture).text((240, 160), words if font_file else "11.11", "white", font, anchor="mm")
    still = target.with_suffix(".png")
    picture.save(still)
    return make(
        target,
        "-loop",
        "1",
        "-framerate",
        "10",
        "-i",
        still,
        "-t",
        "3",
        "-c:v",
        "libx264",
        "-pix_fmt",
        "yuv420p",
    )


def turned(target: Path, source: Path) -> Path:
    """As a phone held upright records: lying pixels and a note to turn them."""
    return make(target, "-display_rotation", "90", "-i", source, "-c", "copy")


def as_people_bring_them(folder: Path) -> list[Path]:
    """What cameras, phones, recorders and editing programs write: containers, codecs, shapes and clocks of all sorts."""
    picture = ["-f", "lavfi", "-i", "testsrc2=size={size}:rate={rate}:duration=2"]
    tone = ["-f", "lavfi", "-i", "sine=frequency=330:duration=2"]

    def film(name: str, size: str, rate: str, *how: str, sound: bool = True) -> Path:
        seen = [word.format(size=size, rate=rate) for word in picture]
        return make(folder / name, *seen, *(tone if sound else []), *how)

    x264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p")
    recorded = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuvj420p", "-live", "1")
    made = [
        film("cartoon 24 fps, B frames.mp4", "854x480", "24", *x264, "-bf", "3", "-c:a", "aac"),
        film("camera without sound, 29.97 fps.mp4", "640x360", "30000/1001", *x264, sound=False),
        film("full range, no length.mkv", "640x480", "30", *recorded, sound=False),
        film("browser.webm", "320x240", "15", "-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus"),
        film("vp9 and vorbis.mkv", "256x320", "10", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-c:a", "libvorbis"),
        film("editing program.mov", "320x180", "25", "-c:v", "prores_ks", "-profile:v", "1", "-c:a", "pcm_s24le"),
        film("old camera.mov", "320x240", "15", "-c:v", "mjpeg", "-pix_fmt", "yuvj422p", "-c:a", "pcm_s16le"),
        film("part 2 and ac3.mkv", "352x288", "25", "-c:v", "mpeg4", "-c:a", "ac3"),
        film("lossless sound.mkv", "320x240", "30", *x264, "-c:a", "flac"),
        film("narrow pixels.mp4", "360x288", "25", *x264, "-vf", "setsar=16/15", "-c:a", "aac"),
        film(
            "ten bits.mp4", "320x568", "30",
            "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error", "-pix_fmt", "yuv420p10le",
            "-tag:v", "hvc1", "-c:a", "aac",
        ),
    ]  # fmt: skip
    return [*made, turned(folder / "phone held upright.mov", made[0])]


def with_gap(target: Path) -> Path:
    """A small file whose clock jumps ten hours ahead."""
    return make(
        target, "-f", "lavfi", "-i", "testsrc2=size=128x128:rate=10:duration=4",
        "-vf", "setpts='if(gt(N,20),PTS+36000/TB,PTS)'", "-fps_mode", "passthrough", "-c:v", "libx264", "-preset", "ultrafast",
    )  # fmt: skip


def endless(target: Path, seconds: int = 86_400) -> Path:
    """A day at one picture in 2.5 s: few bytes, no gap, far too long."""
    return make(
        target, "-f", "lavfi", "-i", f"color=size=64x64:rate=2/5:duration={seconds}",
        "-c:v", "libx264", "-preset", "ultrafast", "-g", "1000",
    )  # fmt: skip


def huge_picture(target: Path, side: int = 20_000) -> Path:
    """A PNG of side² pixels in a few kilobytes, written by hand."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    press = zlib.compressobj(9)
    row = b"\0" * (1 + side // 8)
    rows = b"".join(press.compress(row) for _ in range(side)) + press.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    target.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )
    return target


def huge_film(target: Path, side: int = 8192) -> Path:
    return make(
        target, "-f", "lavfi", "-i", f"color=size={side}x{side}:rate=1:duration=1",
        "-c:v", "libx264", "-preset", "ultrafast", "-threads", "1",
    )  # fmt: skip


def enormous(target: Path, side: int = 20_000) -> Path:
    """A VP9 film whose container and whose key frame both say side × side; ffmpeg would not write one."""
    whole = clip(
        target.with_suffix(".small.mkv"), size="256x256", seconds=2, sound=False, codec="libvpx-vp9"
    ).read_bytes()
    for old in (b"\xb0\x82" + struct.pack(">H", 256), b"\xba\x82" + struct.pack(">H", 256)):
        assert whole.count(old) == 1
        whole = whole.replace(old, old[:2] + struct.pack(">H", side))
    at = (
        whole.index(b"\x49\x83\x42") + 3
    )  # the key frame's sync code; 4 bits later two sides less one, 16 bits each
    word = int.from_bytes(whole[at : at + 5], "big")
    assert word >> 4 & 0xFFFF_FFFF == 0x00FF_00FF
    word = word & ~(0xFFFF_FFFF << 4) | ((side - 1) << 16 | (side - 1)) << 4
    target.write_bytes(whole[:at] + word.to_bytes(5, "big") + whole[at + 5 :])
    return target


def elsewhere(target: Path, source: Path) -> Path:
    """An MP4 whose samples are said to lie in another file (the self-contained flag is cleared)."""
    whole = bytearray(source.read_bytes())
    at = whole.index(b"dref")
    flag = whole.index(b"url ", at) + 7
    assert whole[flag] == 1
    whole[flag] = 0
    target.write_bytes(whole)
    return target


def cut(target: Path, source: Path, keep: float = 0.6) -> Path:
    whole = source.read_bytes()
    target.write_bytes(whole[: int(len(whole) * keep)])
    return target

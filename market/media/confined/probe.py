"""Read a film's packets without decoding a picture and print the facts as JSON.

`python -I probe.py FILE MAX_SECONDS MAX_FPS`. Durations and gaps come from the packets: recordings carry no
duration in their header, and hostile files lie in it.
"""

import json
import math
import sys
from itertools import pairwise
from typing import Any

import av
from av.error import FFmpegError

OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm",
    "max_pixels": "33177600",
    "enable_drefs": "0",
}


def video_facts(stream: Any) -> dict[str, Any]:
    context = stream.codec_context
    if context is None:
        return {
            "codec": "unknown",
            "width": 0,
            "height": 0,
            "fps": 0.0,
            "sar": 1.0,
            "pix_fmt": None,
            "transfer": 0,
        }
    rate = stream.average_rate or stream.guessed_rate
    sar = stream.sample_aspect_ratio
    return {
        "codec": context.name,
        "width": context.width,
        "height": context.height,
        "fps": float(rate) if rate else 0.0,
        "sar": float(sar) if sar else 1.0,
        "pix_fmt": context.pix_fmt,
        "transfer": int(context.color_trc or 0),
    }


def audio_facts(stream: Any) -> dict[str, Any]:
    context = stream.codec_context
    return {"codec": context.name if context else "unknown"}


def walk(container: Any, streams: list[Any], video: Any, max_s: float, max_fps: float) -> dict[str, Any]:
    """Read packets until the end, or until a limit is certainly passed."""
    times: list[float] = []
    ends: dict[int, float] = {}
    starts: dict[int, float] = {}
    counts = {stream.index: 0 for stream in streams}
    corrupt, weight, key_at, key_gap = 0, 0, None, 0.0
    most = int(max_s * max_fps) + 100
    ticks = {
        stream.index: float(stream.time_base or 0) for stream in streams
    }  # fractions are half of this loop's time
    pictures = video.index
    for packet in container.demux(streams):
        moment, size = packet.pts, packet.size
        if moment is None:
            moment = packet.dts
        if moment is None or size == 0:
            continue
        index = packet.stream_index
        tick = ticks[index]
        at = moment * tick
        end = at + (packet.duration or 0) * tick
        counts[index] += 1
        corrupt += packet.is_corrupt
        if at < starts.get(index, math.inf):
            starts[index] = at
        if end > ends.get(index, -math.inf):
            ends[index] = end
        if index == pictures:
            times.append(at)
            weight += size
            if packet.is_keyframe:
                key_gap = max(key_gap, at - key_at) if key_at is not None else key_gap
                key_at = at
        if ends[index] - starts[index] > max_s + 1 or counts[pictures] > most:
            break
    times.sort()
    if times:
        key_gap = max(key_gap, times[-1] - (times[0] if key_at is None else key_at))
    gaps = [later - earlier for earlier, later in pairwise(times)]
    return {
        "packets": counts[video.index],
        "corrupt": corrupt,
        "duration": max((ends[i] - starts[i] for i in ends), default=0.0),
        "video_duration": ends.get(video.index, 0.0) - starts.get(video.index, 0.0),
        "max_gap": max(gaps, default=0.0),
        "key_gap": key_gap,
        "bytes": weight,
        "rate": len(gaps) / (times[-1] - times[0]) if times and times[-1] > times[0] else 0.0,
    }


def main() -> None:
    path, max_s, max_fps = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    try:
        with av.open(path, options=OPTIONS, timeout=20) as container:
            videos = [s for s in container.streams.video if "attached_pic" not in str(s.disposition).lower()]
            audios = list(container.streams.audio)
            facts: dict[str, Any] = {"format": container.format.name, "videos": len(videos)}
            if len(videos) == 1:
                chosen = videos + audios[:1]
                facts["video"] = video_facts(videos[0])
                facts["audio"] = audio_facts(audios[0]) if audios else None
                facts |= walk(container, chosen, videos[0], max_s, max_fps)
    except FFmpegError as wrong:
        facts = {"error": type(wrong).__name__, "text": str(wrong)[:200]}
    sys.stdout.write(json.dumps(facts))


if __name__ == "__main__":
    main()

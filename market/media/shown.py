"""How an asset is told to people and programs: one sentence, one percentage, and where it is found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from market.kit.words import N_, say
from market.media import checks, incoming, queries
from market.media.config import config
from market.media.models import Asset, AssetState, JobState, MediaJob
from market.media.reasons import sentence

STEPS = {
    "check": (N_("检查文件"), 0, 3),
    "measure": (N_("测量音量"), 3, 10),
    "ladder": (N_("转码多档画质"), 10, 92),
    "finish": (N_("生成封面和预览"), 92, 97),
    "store": (N_("保存"), 97, 99),
}
"""Step → its name, and the part of the whole it stands for in percent."""


@dataclass(frozen=True)
class Progress:
    """Where an asset is on its way. `percent` is of the whole work of the server, or of the upload before it."""

    step: str
    words: str
    percent: int | None
    place: int | None


@dataclass(frozen=True)
class Shown:
    """An asset with its progress and, when refused, the reason in the reader's language."""

    asset: Asset
    progress: Progress
    refusal: str | None

    @property
    def is_over(self) -> bool:
        return self.asset.is_over


def show(asset: Asset) -> Shown:
    return show_all([asset])[0]


def show_all(assets: Sequence[Asset]) -> list[Shown]:
    jobs = queries.jobs(
        [asset.id for asset in assets if asset.state in (AssetState.UPLOADED, AssetState.PROCESSING)]
    )
    return [
        Shown(
            asset,
            _progress(asset, jobs.get(asset.id)),
            sentence(asset.refusal_code, asset.refusal_values) if asset.refusal_code else None,
        )
        for asset in assets
    ]


def _progress(asset: Asset, job: MediaJob | None) -> Progress:
    if asset.state is AssetState.UPLOADING:
        arrived = incoming.offset(asset.token) or 0
        return Progress("upload", say(N_("上传中")), arrived * 100 // asset.size, None)
    if asset.state is AssetState.READY:
        return Progress("ready", say(N_("可以使用")), 100, None)
    if asset.state is AssetState.REFUSED:
        return Progress("refused", say(N_("没有通过检查")), None, None)
    if job is None or job.state is JobState.QUEUED:
        place = queries.place_in_line(job) if job else 1
        return Progress("queue", say(N_("排队中，第 %(place)s 位"), place=place), 0, place)
    words, low, high = STEPS.get(job.step, STEPS["check"])
    return Progress(job.step, say(words), low + (high - low) * job.percent // 100, None)


@dataclass(frozen=True)
class Finding:
    """What a machine said about a finished film: a stable code, whether it is as it should be, and a sentence."""

    code: str
    ok: bool
    words: str


def findings(asset: Asset) -> list[Finding]:
    """In the reader's language; none for films that were not looked at."""
    seen = asset.renditions.get("checks")
    if not seen:
        return []
    rules, long = config(), seen["duration_s"]
    loud = seen["loudness"]
    found = [
        Finding(
            "length",
            rules.min_video_s - 0.1 <= long <= rules.max_video_s + 0.5,
            say(N_("时长 %(s)s 秒"), s=f"{long:.1f}"),
        ),
        Finding(
            "ratio",
            seen["width"] == seen["height"],
            say(N_("画面 %(width)s×%(height)s"), width=seen["width"], height=seen["height"]),
        ),
        Finding(
            "black",
            not seen["black"],
            say(N_("有黑屏：%(spans)s"), spans=_spans(seen["black"]))
            if seen["black"]
            else say(N_("没有黑屏")),
        ),
        Finding(
            "silent",
            not seen["silent"],
            say(N_("有无声段落：%(spans)s"), spans=_spans(seen["silent"]))
            if seen["silent"]
            else say(N_("没有长时间无声")),
        ),
    ]
    if loud is not None:
        words = say(N_("响度 %(lufs)s LUFS"), lufs=f"{loud:.1f}".replace("-", "−"))
        found.append(Finding("loudness", checks.is_loud_enough(loud), words))
    return found


def _spans(spans: Sequence[Sequence[float]]) -> str:
    said = [
        say(N_("%(start)s–%(end)s 秒"), start=f"{start:.1f}", end=f"{end:.1f}") for start, end in spans[:5]
    ]
    return say(N_("、")).join(said)


def urls(asset: Asset, sign: Callable[[str], str]) -> dict[str, Any]:
    """Every address of a ready asset, each passed through `sign`."""
    found = {
        "hls": asset.hls_url,
        "mp4": asset.mp4_url,
        "poster": asset.poster_url,
        "preview": asset.preview_url,
        "sprite": asset.sprite_url,
        "captions": asset.captions_url,
        "image": asset.image_url(),
        "file": asset.download_url,
    }
    return {name: sign(url) for name, url in found.items() if url}

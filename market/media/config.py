"""What the operator of an installation may set about media; read from the environment once."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True)
class MediaConfig:
    """Limits and places. Sizes in bytes, times in seconds."""

    root: Path
    """Uploads in progress, work folders and, without S3, everything stored."""
    max_bytes: int = 2 * GIB
    quota_bytes: int = 50 * GIB
    max_open_uploads: int = 50
    keep_partial_s: int = 48 * 3600
    keep_free_percent: int = 5
    min_video_s: float = 3.0
    max_video_s: float = 180.0
    max_gap_s: float = 3.0
    max_pixels: int = 33_177_600
    min_side: int = 64
    max_fps: float = 120.0
    max_image_pixels: int = 40_000_000
    max_file_bytes: int = 100 * MIB
    lease_s: float = 20.0
    max_attempts: int = 3
    niceness: int = 10
    signed_url_s: int = 300
    public_url: str = ""
    """Scheme and host of a CDN that fetches published files from us; empty: our own address."""
    accel: str = ""
    """The internal location under which nginx sends the stored files for us; empty: we send them."""
    ffmpeg: str | None = None
    s3_bucket: str | None = None
    s3_endpoint: str | None = None
    s3_region: str | None = None
    s3_key_id: str | None = None
    s3_secret: str | None = None
    s3_prefix: str = ""
    s3_public_url: str = ""
    """Where browsers reach S3: films are then fetched there, by short-lived signed addresses. Empty: through us."""

    @property
    def keep_partial(self) -> timedelta:
        return timedelta(seconds=self.keep_partial_s)

    @property
    def origins(self) -> tuple[str, ...]:
        """Other hosts that our pages load films and pictures from."""
        return tuple(filter(None, (self.public_url, self.s3_public_url)))

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "MediaConfig":
        """`VTASK_MEDIA_*` and `VTASK_VIDEO_*` for our own settings, the usual `S3_*` and `FFMPEG_BIN`."""
        home = Path(env.get("VTASK_HOME") or ROOT / "var")
        return cls(
            root=Path(env.get("VTASK_MEDIA_DIR") or home / "media").absolute(),
            max_bytes=int(env.get("VTASK_MEDIA_MAX_BYTES", cls.max_bytes)),
            quota_bytes=int(env.get("VTASK_MEDIA_QUOTA_BYTES", cls.quota_bytes)),
            keep_free_percent=int(env.get("VTASK_MEDIA_KEEP_FREE_PERCENT", cls.keep_free_percent)),
            min_video_s=float(env.get("VTASK_VIDEO_MIN_S", cls.min_video_s)),
            max_video_s=float(env.get("VTASK_VIDEO_MAX_S", cls.max_video_s)),
            niceness=int(env.get("VTASK_MEDIA_NICE", cls.niceness)),
            public_url=_origin(env, "VTASK_MEDIA_URL"),
            accel=env.get("VTASK_MEDIA_ACCEL", ""),
            ffmpeg=env.get("FFMPEG_BIN") or None,
            s3_bucket=env.get("S3_BUCKET") or None,
            s3_endpoint=env.get("S3_ENDPOINT") or None,
            s3_region=env.get("S3_REGION") or None,
            s3_key_id=env.get("S3_ACCESS_KEY_ID") or None,
            s3_secret=env.get("S3_SECRET_ACCESS_KEY") or None,
            s3_prefix=env.get("S3_PREFIX", ""),
            s3_public_url=_origin(env, "S3_PUBLIC_URL"),
        )


def _origin(env: Mapping[str, str], name: str) -> str:
    """Scheme and host, as a content security policy names it. Raises ValueError."""
    said = env.get(name, "").rstrip("/")
    if said and not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+", said):
        raise ValueError(f"{name} must be a scheme and a host, such as https://cdn.example.com")
    return said


_current: MediaConfig | None = None


def config() -> MediaConfig:
    """The settings of this process: what `configure` was given, else the environment's."""
    global _current
    if _current is None:
        _current = MediaConfig.from_env(os.environ)
    return _current


def configure(chosen: MediaConfig | None) -> None:
    """Use these settings from now on (None: read the environment again)."""
    global _current
    _current = chosen

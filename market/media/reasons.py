"""Why a file was refused: a stable code and a sentence for the one who sent it."""

from typing import Any

from market.kit.words import N_, say

SENTENCES = {
    "empty": N_("文件是空的（0 字节），请重新选择文件。"),
    "wrong_type": N_("这不是可以接受的文件格式。视频请用 MP4、MOV、MKV 或 WebM，图片请用 JPG、PNG 或 WebP。"),
    "other_kind": N_("文件内容是%(found)s，而这里需要%(wanted)s。"),
    "playlist": N_("文件只是一个引用其他文件或网址的清单，不是视频本身。请上传完整的视频文件。"),
    "truncated": N_("文件不完整，可能没有传完或导出中断，请重新导出后上传。"),
    "unreadable": N_("文件已损坏，无法读取。"),
    "no_video": N_("文件里没有视频画面。"),
    "many_videos": N_("文件里有 %(count)s 路视频画面，只能有一路。"),
    "video_codec": N_("不支持的视频编码 %(codec)s，请导出为 H.264 后再上传。"),
    "audio_codec": N_("不支持的音频编码 %(codec)s，请导出为 AAC 后再上传。"),
    "too_short": N_("视频只有 %(seconds)s 秒，至少需要 %(limit)s 秒。"),
    "too_long": N_("视频超过了时长上限 %(limit)s 秒。"),
    "gap": N_("视频中间有 %(seconds)s 秒没有画面，请检查后重新导出（上限 %(limit)s 秒）。"),
    "too_many_pixels": N_("画面 %(width)s×%(height)s 过大，请缩小分辨率后再上传。"),
    "image_pixels": N_("图片超过了 %(limit)s 百万像素的上限，请缩小后再上传。"),
    "file_size": N_("附件超过了 %(limit)s MB 的上限。"),
    "too_small": N_("画面 %(width)s×%(height)s 过小，短边至少需要 %(limit)s 像素。"),
    "fps": N_("每秒 %(fps)s 帧，超过了上限 %(limit)s 帧。"),
    "too_heavy": N_("处理这个文件需要的资源超出了限制，请降低分辨率或时长后再上传。"),
    "timeout": N_("处理时间超出了限制，请降低分辨率或时长后再上传。"),
    "failed": N_("多次处理都没有成功。文件已保留，请稍后重新上传，或联系客服。"),
}

KINDS = {"video": N_("视频"), "image": N_("图片"), "file": N_("文件")}


class Rejected(Exception):
    """The file itself is at fault; trying again with the same bytes will not help."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code, values)
        if code not in SENTENCES:
            raise ValueError(f"unknown reason {code}")
        self.code = code
        self.values = values


def sentence(code: str, values: dict[str, Any]) -> str:
    """The reason in the reader's language."""
    shown = {name: say(KINDS[value]) if value in KINDS else value for name, value in values.items()}
    return say(SENTENCES[code], **shown)

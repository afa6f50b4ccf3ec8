"""Made-up things for the living style sheet, one of each kind the macros know."""

from datetime import timedelta
from typing import Any

from market.kit.clock import now
from market.kit.pages import Form

SHOP, HOUSE = "青禾服饰旗舰店", "林间小屋"


def everything() -> dict[str, Any]:
    present = now()
    soon, near, far, gone = (present + timedelta(hours=hours) for hours in (5, 51, 216, -48))
    return {
        "layout": "desk",
        "dates": [soon, near, far, gone],
        "form": Form(
            {"title": "羊绒围巾", "price": "0", "format": "video", "channels": ["a", "c"]},
            {"price": ["报价要大于 0。"], "plan": ["至少写 20 个字。"], "": ["这条需求已截止。"]},
        ),
        "timeline": [
            {"at": gone, "text": f"{SHOP} 托管了 ¥3,280.50", "who": "", "icon": "landmark", "tone": "good"},
            {"at": gone, "text": "脚本第 1 版已提交", "who": HOUSE, "icon": "file-text", "tone": "act"},
            {
                "at": present,
                "text": "申请修改：第 12 秒加字幕",
                "who": SHOP,
                "icon": "rotate-ccw",
                "tone": "wait",
            },
            {"at": present, "text": "看过这一页", "who": HOUSE, "icon": "", "tone": ""},
        ],
        "tasks": [
            _task("羊绒围巾种草短视频，30 秒内讲清三种系法", "video", 1_280_000, near, 12, 0.87, True),
            _task("新疆坚果礼盒图文测评", "article", 88_000, soon, 0, None, False),
            _task(
                "A 40-minute cookware live show with a long title", "live", 123_456_789, far, 3, 0.42, True
            ),
        ],
        "creators": [_creator(HOUSE, 128_000, 0.91), _creator("Studio North", 9_800, None)],
        "videos": [
            _video("三种系法，让围巾不再臃肿", 27, "羊绒围巾 · 驼色"),
            _video("坚果礼盒开箱", 61, ""),
            _video("How we test a pan", 3_723, "Cast-iron pan 26 cm"),
        ],
        "products": [
            {
                "href": "#",
                "title": "羊绒围巾 驼色",
                "image": "",
                "price_fen": 45_900,
                "shop": SHOP,
                "video": True,
            },
            {"href": "", "title": "坚果礼盒", "image": "", "price_fen": 12_800, "shop": "", "video": False},
        ],
        "posts": [
            {
                "href": "#",
                "title": "羊绒怎么挑：看标签、摸手感、闻味道",
                "excerpt": "从含绒量到克重，一篇讲清。我们拆了五条围巾，结果有点意外。",
                "cover": "",
                "author": HOUSE,
                "author_href": "#",
                "at": gone,
                "merchant": SHOP,
            }
        ],
        "lives": [_live("双11预售夜：厨房好物", near, False), _live("开播了", gone, True)],
    }


def _task(
    title: str, form: str, fen: int, due: Any, bids: int, fit: float | None, season: bool
) -> dict[str, Any]:
    return {
        "href": "#",
        "title": title,
        "merchant": SHOP,
        "format": form,
        "category": "服饰",
        "price_fen": fen,
        "deadline": due,
        "bids": bids,
        "fit": fit,
        "why": "同类目完成 12 单，准时率 96%" if fit else "",
        "season": season,
    }


def _creator(name: str, fans: int, score: float | None) -> dict[str, Any]:
    reasons = [
        {"label": "内容", "score": 0.94, "text": "同类目 12 单"},
        {"label": "履约", "score": None, "text": "还没有完成的订单"},
    ]
    return {
        "href": "#",
        "name": name,
        "city": "杭州",
        "level": "L4",
        "fans": fans,
        "categories": ["服饰", "美妆"],
        "price_fen": 320_000,
        "on_time": 0.96,
        "score": score,
        "reasons": reasons if score else [],
    }


def _video(title: str, length_s: int, product: str) -> dict[str, Any]:
    return {
        "href": "#",
        "title": title,
        "poster": "",
        "length_s": length_s,
        "creator": HOUSE,
        "creator_href": "#",
        "product": product,
        "plays": 128_000,
    }


def _live(title: str, starts_at: Any, on_air: bool) -> dict[str, Any]:
    return {
        "href": "#",
        "title": title,
        "cover": "",
        "starts_at": starts_at,
        "host": "老许",
        "merchant": SHOP,
        "reminded": not on_air,
        "on_air": on_air,
    }

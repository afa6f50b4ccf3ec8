"""Refusals: one class each, with a status, a stable type and a sentence for the reader."""

import re
from typing import Any, ClassVar

from market.kit.words import N_, say


class Refusal(Exception):
    """Something a person may not, or cannot, do. Rendered as problem+json or on the page.

    `text` is the sentence (Chinese source, `%(name)s` placeholders filled by keyword arguments);
    `field` names the input it is about, when there is one: the page shows it there.
    """

    status: ClassVar[int] = 400
    title: ClassVar[str] = N_("请求无法完成")
    text: ClassVar[str] = N_("请求无法完成。")
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, *, field: str | None = None, **values: Any) -> None:
        super().__init__(self.text, values)
        self.field = field
        self.values = values

    @classmethod
    def slug(cls) -> str:
        """The stable name in the problem's `type` URL: BudgetExceeded → budget-exceeded."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", cls.__name__).lower()

    def detail(self) -> str:
        """The sentence in the reader's language."""
        return say(self.text, **self.values)

    def errors(self) -> dict[str, list[str]]:
        """Sentences by input name, as the form macros and the problem's pointers want them."""
        return {self.field: [self.detail()]} if self.field else {}

    def __str__(self) -> str:
        return f"{self.slug()}: {self.text % self.values if self.values else self.text}"


class Invalid(Refusal):
    """The input does not make sense; `messages` has a list of sentences per field."""

    status = 422
    title = N_("填写的内容有误")
    text = N_("请检查标出的内容。")

    def __init__(self, messages: dict[str, Any] | None = None, **values: Any) -> None:
        super().__init__(**values)
        self.messages = messages or {}

    def errors(self) -> dict[str, list[str]]:
        return flatten(self.messages) or super().errors()

    def __str__(self) -> str:
        return f"{super().__str__()} {flatten(self.messages)}"


class Unauthenticated(Refusal):
    status = 401
    title = N_("需要登录")
    text = N_("请先登录，或提供有效的 API 密钥。")
    headers = {"WWW-Authenticate": "Bearer"}


class Forbidden(Refusal):
    status = 403
    title = N_("没有权限")
    text = N_("您没有做这件事的权限。")


class NotFound(Refusal):
    """Also the answer for what exists but is not visible to the asker: the two look the same."""

    status = 404
    title = N_("没有找到")
    text = N_("没有找到，或者您无权查看。")


class Conflict(Refusal):
    status = 409
    title = N_("与当前状态冲突")
    text = N_("当前状态不允许这样做，请刷新后再看。")


class TooMany(Refusal):
    status = 429
    title = N_("操作太频繁")
    text = N_("操作太频繁，请稍后再试。")


class Unavailable(Refusal):
    """A part we depend on does not answer; trying again later is right."""

    status = 503
    title = N_("暂时不可用")
    text = N_("服务暂时不可用，请稍后再试。")
    headers = {"Retry-After": "5"}


def flatten(messages: Any, path: str = "") -> dict[str, list[str]]:
    """Nested marshmallow messages as {"terms.days": ["…"]}."""
    if isinstance(messages, dict):
        flat: dict[str, list[str]] = {}
        for key, below in messages.items():
            name = "" if key == "_schema" else str(key)
            for at, texts in flatten(below, ".".join(part for part in (path, name) if part)).items():
                flat.setdefault(at, []).extend(texts)
        return flat
    said: list[Any] = list(messages) if isinstance(messages, list | tuple) else [messages]
    return {path: [str(text) for text in said]}

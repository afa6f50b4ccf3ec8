"""What a film at a product's head is: its label."""

from enum import StrEnum

from market.kit.words import N_, say


class HeadLabel(StrEnum):
    """Stored by its value; the names are for readers."""

    TEST = "test"
    TUTORIAL = "tutorial"
    UNBOXING = "unboxing"
    TRY_ON = "try_on"
    COMPARISON = "comparison"
    MAKING = "making"


LABELS = {
    HeadLabel.TEST: N_("测评"),
    HeadLabel.TUTORIAL: N_("教程"),
    HeadLabel.UNBOXING: N_("开箱"),
    HeadLabel.TRY_ON: N_("试穿试用"),
    HeadLabel.COMPARISON: N_("对比"),
    HeadLabel.MAKING: N_("工艺"),
}


def label_name(label: HeadLabel | None) -> str:
    """In the reader's language; empty without one."""
    return say(LABELS[label]) if label else ""


def options() -> list[tuple[str, str]]:
    """(code, name) of every label."""
    return [(label.value, say(name)) for label, name in LABELS.items()]


def read(code: str) -> HeadLabel | None:
    """The label of a query or a form; None for what is none."""
    return HeadLabel(code) if code in list(HeadLabel) else None

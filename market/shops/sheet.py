"""Reading and writing products as CSV, the way spreadsheet programs here really write it.

UTF-8 with or without BOM, GB18030 (what Chinese Excel saves), UTF-16 with BOM; commas, tabs or semicolons.
Every mistake is told by line and column in the reader's words; nothing here touches the database.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from marshmallow import ValidationError

from market.accounts.vocabulary import CATEGORIES, options
from market.kit.errors import flatten
from market.kit.pages import words_of_size
from market.kit.words import N_, _, joined, say
from market.shops.errors import EmptyFile, FileTooLarge, UnknownColumns, UnreadableFile, WorkbookFile
from market.shops.models import Product
from market.shops.schemas import RowSchema

MAX_BYTES = 1024 * 1024
MAX_ROWS = 2000

COLUMNS = {
    "number": N_("商品编号"),
    "title": N_("标题"),
    "category": N_("类目"),
    "price_fen": N_("价格"),
    "stock": N_("库存"),
    "description": N_("描述"),
}
REQUIRED = ("title", "category", "price_fen", "stock")
ALIASES = {
    "number": {"商品编号", "编号", "货号", "number", "sku", "item number"},
    "title": {"标题", "商品标题", "名称", "商品名称", "title", "name"},
    "category": {"类目", "分类", "category"},
    "price_fen": {"价格", "售价", "价格(元)", "价格（元）", "price", "price (cny)"},
    "stock": {"库存", "数量", "stock", "quantity"},
    "description": {"描述", "商品描述", "详情", "description"},
}
# What a spreadsheet takes for a formula when it stands at the start of a cell.
FORMULA = re.compile(r"^[=+\-@\t\r]")
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


@dataclass
class Sheet:
    """What a file holds: good rows ready to store, and what is wrong with the others."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)

    def complain(self, line: int, column: str, text: str) -> None:
        self.errors.append({"line": line, "column": column, "text": text})


def read(data: bytes) -> Sheet:
    """Raises UnreadableFile and its kin when the file as a whole is no use."""
    if len(data) > MAX_BYTES:
        raise _too_large()
    text = decode(data)
    first = next((line for line in text.splitlines() if line.strip()), "")
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(first), strict=True)
    sheet = Sheet()
    names: list[str] | None = None
    header: list[str] = []
    seen: dict[str, int] = {}
    for line, cells in _numbered(lines, sheet):
        if not any(cell.strip() for cell in cells):
            continue
        if names is None:
            header = [cell.strip() for cell in cells]
            names = columns(header)
            continue
        if len(sheet.rows) + len({error["line"] for error in sheet.errors}) >= MAX_ROWS:
            raise _too_large()
        _take(sheet, line, cells, names, header, seen)
    if names is None or not (sheet.rows or sheet.errors):
        raise EmptyFile(field="file")
    return sheet


def decode(data: bytes) -> str:
    """The text of a file whatever program wrote it."""
    if data.startswith(WORKBOOKS):
        raise WorkbookFile(field="file")
    encodings = ["utf-16"] if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if re.search(r"[\x00-\x08\x0e-\x1f]", text):
            break
        return text
    raise UnreadableFile(field="file")


def columns(header: list[str]) -> list[str]:
    """Which field each column holds. Raises UnknownColumns naming what is missing and what is not known."""
    known = {alias: name for name, aliases in ALIASES.items() for alias in aliases}
    names = [known.get(plain(cell).lower(), "") for cell in header]
    missing = [say(COLUMNS[name]) for name in REQUIRED if name not in names]
    strange = [cell[:30] for cell, name in zip(header, names, strict=True) if not name]
    doubled = [cell[:30] for at, cell in enumerate(header) if names[at] and names[at] in names[:at]]
    if missing or strange or doubled:
        none = _("（无）")
        raise UnknownColumns(
            field="file", missing=joined(missing) or none, unknown=joined(strange + doubled) or none
        )
    return names


def _numbered(lines: Any, sheet: Sheet) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line each starts on; a row that cannot be cut ends the reading with a complaint."""
    while True:
        line = lines.line_num + 1
        try:
            cells = next(lines)
        except StopIteration:
            return
        except csv.Error:
            sheet.complain(line, "", _("这一行读不下去：引号不成对，或单元格太长。后面的行没有读。"))
            return
        yield line, cells


def _take(
    sheet: Sheet, line: int, cells: list[str], names: list[str], header: list[str], seen: dict[str, int]
) -> None:
    """Put one row on the good pile, or say what is wrong with it."""
    if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
        sheet.complain(line, "", _("单元格比列名多：含逗号的内容请用英文双引号括起来。"))
        return
    labels = dict(zip(names, header, strict=True))
    given = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if cell.strip()}
    wrong: list[tuple[str, str]] = []
    for name in ("number", "title", "description"):
        if FORMULA.match(given.get(name, "")):
            wrong.append(
                (name, _("以 = + - @ 开头的内容会被表格软件当成公式，请改掉，或在前面加一个英文单引号。"))
            )
    raw = {name: plain(cell) for name, cell in given.items()}
    if "category" in raw:
        known = _category(raw["category"])
        if known is None:
            offered = joined(name for _code, name in options(CATEGORIES))
            wrong.append(("category", _("没有这个类目，请填其中之一：%(names)s。", names=offered)))
        raw["category"] = known or next(iter(CATEGORIES))
    try:
        row = RowSchema().load(raw)
    except ValidationError as refused:
        for name, texts in flatten(refused.messages).items():
            wrong += [(name, text) for text in texts]
    if not wrong:
        number = row["number"]
        if number and number in seen:
            wrong.append(("number", _("与第 %(line)s 行的商品编号重复。", line=seen[number])))
        elif number:
            seen[number] = line
    if wrong:
        for name, text in wrong:
            sheet.complain(line, labels.get(name) or say(COLUMNS[name]), text)
    else:
        sheet.rows.append({"line": line, **row})


def _category(said: str) -> str | None:
    """The code behind a category's code or name, in either language."""
    names = {name.lower(): code for code, name in [*options(CATEGORIES), *CATEGORIES.items()]}
    return names.get(said.lower()) or (said.lower() if said.lower() in CATEGORIES else None)


def _delimiter(line: str) -> str:
    return max(",\t;", key=line.count)


def _too_large() -> FileTooLarge:
    return FileTooLarge(field="file", size=words_of_size(MAX_BYTES), rows=f"{MAX_ROWS:,}")


def safe(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula: text that looks like one gets a leading apostrophe."""
    text = str(value)
    return f"'{text}" if FORMULA.match(text) or text.startswith("'") else text


def plain(cell: str) -> str:
    """The reverse of `safe`."""
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") else cell


def write(rows: Iterable[Iterable[Any]]) -> bytes:
    """Rows as UTF-8 with BOM, so that Excel shows Chinese."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([safe(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def header() -> list[str]:
    return [say(name) for name in COLUMNS.values()]


def export(products: Iterable[Product]) -> bytes:
    """Products in the very columns that can be loaded again."""
    return write(
        [header()]
        + [
            [
                p.number,
                p.title,
                say(CATEGORIES.get(p.category, p.category)),
                f"{p.price_fen / 100:.2f}",
                p.stock,
                p.description,
            ]
            for p in products
        ]
    )


def sample() -> bytes:
    """A file to start from."""
    return write(
        [
            header(),
            [
                "QH-001",
                _("手绘青花茶具六件套"),
                say(CATEGORIES["home"]),
                "268.00",
                320,
                _("景德镇手绘，一壶四杯一茶海。"),
            ],
            ["QH-002", _("桂花乌龙茶礼盒"), say(CATEGORIES["food"]), "128.50", 1500, ""],
        ]
    )

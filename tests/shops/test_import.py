"""Products from a file: any spreadsheet's bytes, mistakes by line and column, all or what the merchant chose."""

import io

import pytest

from market.shops import sheet
from tests.conftest import Player, csrf_token

GOOD = '商品编号,标题,类目,价格,库存,描述\nA-1,青花茶具,家居家纺,268.00,30,手绘\nA-2,桂花乌龙,food,"1,128.5",5,\n'


def load(player: Player, text: str | bytes, name: str = "货.csv"):
    browser = player.browser()
    token = csrf_token(browser.get("/m/products/import").text)
    data = text.encode() if isinstance(text, str) else text
    files = {"csrf_token": token, "file": (io.BytesIO(data), name)}
    answer = browser.post("/m/products/import", data=files, content_type="multipart/form-data")
    return browser, answer


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_a_clean_file_is_taken_at_once_whatever_wrote_it(mei: Player, encoding: str):
    browser, answer = load(mei, GOOD.encode(encoding))

    assert answer.status_code == 303, answer.text
    assert "新增 2 件" in browser.get(answer.location).text
    listed = {p["number"]: p for p in mei.api("GET", "/products").json["data"]}
    assert (listed["A-1"]["title"], listed["A-1"]["price_fen"], listed["A-1"]["category"]) == (
        "青花茶具",
        26_800,
        "home",
    )
    assert listed["A-2"]["price_fen"] == 112_850


@pytest.mark.parametrize("mark", ["\t", ";"])
def test_other_separators_are_understood(mei: Player, mark: str):
    _browser, answer = load(mei, GOOD.replace('"1,128.5"', "1128.5").replace(",", mark))

    assert answer.status_code == 303
    assert len(mei.api("GET", "/products").json["data"]) == 2


def test_loading_the_same_file_again_changes_instead_of_doubling(mei: Player):
    load(mei, GOOD)
    browser, answer = load(mei, GOOD.replace("268.00", "258.00"))

    assert "新增 0 件，更新 2 件" in browser.get(answer.location).text
    assert sorted(p["price_fen"] for p in mei.api("GET", "/products").json["data"]) == [25_800, 112_850]


def test_one_mistake_holds_back_the_whole_file_until_the_merchant_decides(mei: Player):
    bad = GOOD + "A-3,x,火星货,一百,many,\nA-1,又一件,food,1,1,\n"
    browser, answer = load(mei, bad)
    page = browser.get(answer.location).text

    assert mei.api("GET", "/products").json["data"] == []
    assert "2 行有误，2 行没有问题" in page
    for word in ("类目", "价格", "库存", "请填写金额", "没有这个类目", "美妆个护", "与第 2 行的商品编号重复"):
        assert word in page
    token = csrf_token(page)
    first = browser.post(answer.location, data={"csrf_token": token})
    second = browser.post(answer.location, data={"csrf_token": token})

    assert (first.status_code, second.status_code) == (303, 409)
    assert len(mei.api("GET", "/products").json["data"]) == 2
    errors = browser.get(answer.location + "/errors.csv")
    assert errors.data.startswith("\ufeff".encode())
    assert "与第 2 行" in errors.data.decode()


def test_lines_are_counted_as_the_editor_counts_them(mei: Player, app):
    told = mei.api(
        "POST",
        "/product-imports",
        json={"csv": '标题,类目,价格,库存,描述\n\n青花茶具,home,1,1,"两\n行"\nx,home,1,1,\n'},
    )

    assert told.status_code == 201
    assert [(e["line"], e["column"]) for e in told.json["errors"]] == [(5, "标题")]
    assert (told.json["state"], told.json["good_rows"], told.json["bad_rows"]) == ("waiting", 1, 1)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "文件里没有商品"),
        ("标题,类目,价格,库存\n".encode(), "文件里没有商品"),
        (b"PK\x03\x04rest of a workbook", "Excel 工作簿"),
        (b"\xd0\xcf\x11\xe0old workbook", "Excel 工作簿"),
        (b"title,category\x00,price,stock\n", "这个文件读不出来"),
        (bytes(range(128, 256)) * 20, "这个文件读不出来"),
        ("标题,价格,颜色\n茶,1,红\n".encode(), "类目、库存"),
        ("标题,标题,类目,价格,库存\n".encode(), "标题"),
        (b"title,category,price,stock\n" + b"a tea set,home,1,1\n" * 2001, "2,000 行"),
        (b"x" * (sheet.MAX_BYTES + 1), "文件最大"),
    ],
)
def test_files_that_are_no_use_are_refused_with_the_reason(mei: Player, data: bytes, word: str):
    _browser, answer = load(mei, data)

    assert answer.status_code == 422
    assert word in answer.text
    assert mei.api("GET", "/products").json["data"] == []


@pytest.mark.parametrize("cell", ['=HYPERLINK("http://x")', "+86 130", "-2+3", "@SUM(A1)"])
def test_formulas_are_refused_and_never_written(mei: Player, cell: str):
    quoted = '"' + cell.replace('"', '""') + '"'
    told = mei.api("POST", "/product-imports", json={"csv": f"标题,类目,价格,库存\n{quoted},home,1,1\n"})

    assert told.json["errors"][0]["column"] == "标题"
    assert sheet.safe(cell) == "'" + cell
    assert sheet.plain(sheet.safe(cell)) == cell


def test_an_open_quote_is_told_by_its_line(mei: Player):
    told = mei.api(
        "POST",
        "/product-imports",
        json={"csv": '标题,类目,价格,库存\n好茶一盒,home,1,1\n"坏茶,home,1,1\n再来,home,1,1\n'},
    )

    assert [error["line"] for error in told.json["errors"]] == [3]
    assert told.json["state"] == "waiting"


@pytest.mark.parametrize(
    "price", ["Infinity", "NaN", "1e999999", "1E+99999999", "-5", "0", "9" * 5000, "１２元"]
)
def test_hostile_numbers_are_told_not_broken(mei: Player, price: str):
    told = mei.api(
        "POST", "/product-imports", json={"csv": f"标题,类目,价格,库存\n好茶一盒,home,{price},1\n"}
    )

    assert told.status_code == 201
    assert told.json["errors"][0]["column"] == "价格"


def test_what_is_exported_can_be_loaded_again(mei: Player):
    load(mei, GOOD)
    mei.api(
        "POST",
        "/products",
        json={"title": "=1+1 茶", "category": "food", "price_fen": 100, "stock": 1, "number": "F-1"},
    )
    browser = mei.browser()

    exported = browser.get("/m/products.csv").data

    assert b"'=1+1" in exported
    _browser, answer = load(mei, exported)
    assert "新增 0 件，更新 3 件" in browser.get(answer.location).text
    assert "=1+1 茶" in {p["title"] for p in mei.api("GET", "/products").json["data"]}


def test_the_sample_loads(mei: Player):
    browser = mei.browser()
    _browser, answer = load(mei, browser.get("/m/products/sample.csv").data)

    assert answer.status_code == 303
    assert len(mei.api("GET", "/products").json["data"]) == 2


def test_a_foreign_import_is_not_there(mei: Player, lin: Player, wen: Player):
    made = mei.api("POST", "/product-imports", json={"csv": GOOD + "x,x,x,x,x,x\n"}).json["id"]

    assert lin.api("GET", f"/product-imports/{made}").status_code == 404
    assert lin.api("POST", f"/product-imports/{made}/acceptance").status_code == 403
    assert wen.browser().get(f"/m/products/imports/{made}").status_code == 403

"""The data door."""

import json

from tests.briefs import opened
from tests.conftest import Player


def lines(n: int = 3) -> list[dict]:
    return [
        {"type": "account", "id": "shop-1", "roles": ["merchant"], "name": "某店"},
        *(
            {"type": "account", "id": f"c{k}", "roles": ["creator"], "categories": ["outdoor"]}
            for k in range(n)
        ),
        *(
            {
                "type": "work",
                "id": f"w{k}",
                "at": "2025-03-04T08:00:00Z",
                "merchant": "shop-1",
                "creators": [f"c{k}"],
                "title": "路亚竿测评",
                "tags": ["路亚"],
                "category": "outdoor",
                "format": "video",
            }
            for k in range(n)
        ),
    ]


def tell(operator: Player, rows: list, **more):
    return operator.api("POST", "/history-imports", json={"lines": rows, **more})


def test_accounts_and_works_come_in_and_rank_through_the_api(zhou, mei, app):
    answer = tell(zhou, lines(), keys=True)

    assert answer.status_code == 200, answer.text
    assert (answer.json["accounts"], answer.json["works"], answer.json["refused"]) == (4, 3, [])
    key = next(row["api_key"] for row in answer.json["parties"] if row["role"] == "merchant")
    shop = Player(app, "某店", "", None, None, key)
    task = opened(shop, tags=["路亚"])
    rows = shop.api("GET", f"/tasks/{task['id']}/matches").json["data"]
    assert {row["name"] for row in rows} == {"c0", "c1", "c2"}
    assert rows[0]["reasons"][0]["code"] == "together"


def test_telling_it_again_changes_nothing(zhou):
    tell(zhou, lines())

    again = tell(zhou, lines()).json

    assert (again["accounts"], again["works"], again["known"]) == (0, 0, 7)


def test_bad_lines_are_named_and_the_others_taken(zhou):
    rows = [
        *lines(1),
        {"type": "work", "id": "x", "at": "gestern", "merchant": "shop-1", "creators": ["c0"]},
        {
            "type": "work",
            "id": "y",
            "at": "2025-01-01T00:00:00Z",
            "merchant": "shop-1",
            "creators": ["nobody"],
        },
        {"type": "weather"},
    ]

    report = tell(zhou, rows).json

    assert report["works"] == 1
    assert [(row["line"], row["pointer"]) for row in report["refused"]] == [
        (4, "/at"),
        (5, "/creators"),
        (6, "/type"),
    ]


def test_only_operators_may(mei):
    assert tell(mei, lines()).status_code == 403


def test_a_file_comes_in_by_command_and_the_text_model_is_fitted(app, tmp_path):
    path, keys = tmp_path / "history.jsonl", tmp_path / "keys.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in lines(25)) + "\n{half a line\n")

    done = app.test_cli_runner().invoke(args=["matching", "import", str(path), "--keys", str(keys)])

    assert done.exit_code == 1, "a refused line is not a success"
    assert "26 parties, 25 works" in done.output
    assert "text model of 25 works" in done.output
    assert len(keys.read_text().splitlines()) == 26
    assert keys.stat().st_mode & 0o077 == 0


def test_a_line_in_another_encoding_or_too_deep_ends_nothing_and_is_named(app, tmp_path):
    path = tmp_path / "history.jsonl"
    rows = [json.dumps(row, ensure_ascii=False).encode() for row in lines(2)]
    path.write_bytes(
        b"\n".join([b"\xef\xbb\xbf" + rows[0], "商家".encode("gb18030"), b"[" * 100_000, *rows[1:]])
    )

    done = app.test_cli_runner().invoke(args=["matching", "import", str(path)])

    assert "line 2 /: " in done.output and "line 3 /: " in done.output
    assert "3 parties, 2 works" in done.output and "2 refused" in done.output


def test_of_many_refused_lines_some_are_named_and_the_rest_is_counted(app, tmp_path):
    path = tmp_path / "history.jsonl"
    path.write_text("{half\n" * 23)

    done = app.test_cli_runner().invoke(args=["matching", "import", str(path)])

    assert done.output.count("line ") == 20 and "and 3 more" in done.output


def test_a_work_of_the_future_is_refused(zhou):
    rows = lines(1)
    rows[-1]["at"] = "2099-03-04T08:00:00Z"

    report = tell(zhou, rows).json

    assert [(row["line"], row["pointer"]) for row in report["refused"]] == [(3, "/at")]

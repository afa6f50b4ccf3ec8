"""Decisions from elsewhere come in by the data door, count as replies and teach the acceptance."""

from datetime import UTC, datetime, timedelta

import pytest

from market.matching import decisions, learning
from tests.matching.test_import import tell

BEGIN = datetime(2025, 3, 3, 8, tzinfo=UTC)


def accounts(n: int = 1) -> list[dict]:
    return [
        {"type": "account", "id": "shop", "roles": ["merchant"]},
        *({"type": "account", "id": f"c{k}", "roles": ["creator"]} for k in range(n)),
    ]


def brief(n: int = 1, **over) -> dict:
    return {
        "type": "brief",
        "id": f"b{n}",
        "at": (BEGIN + timedelta(days=n)).isoformat(),
        "merchant": "shop",
        "category": "outdoor",
        "format": "video",
        "budget_fen": 100_000,
    } | over


def step(decision: str, n: int = 1, creator: str = "c0", hours: float = 1, **over) -> dict:
    at = BEGIN + timedelta(days=n, hours=hours)
    return {
        "type": "decision",
        "brief": f"b{n}",
        "creator": creator,
        "decision": decision,
        "at": at.isoformat(),
    } | over


def replies(app, report: dict, ref: str = "c0") -> tuple[int, int]:
    from market.creators.queries import profile
    from market.kit.ids import decode

    party = next(row["party_id"] for row in report["parties"] if row["id"] == ref)
    with app.app_context():
        mine = profile(decode("pty", party))
        return mine.replies, mine.unanswered


def test_decisions_come_in_and_telling_them_again_changes_nothing(app, zhou):
    rows = [
        *accounts(),
        *(brief(n) for n in (1, 2, 3, 4)),
        *(step("invited", n) for n in (1, 2, 3)),
        step("bid", 1, hours=5, price_fen=120_000),
        step("awarded", 1, hours=30),
        step("declined", 2, hours=6),
        step("bid", 4, hours=2),
    ]

    first = tell(zhou, rows).json
    again = tell(zhou, rows).json

    assert (first["briefs"], first["decisions"], first["refused"]) == (4, 7, [])
    assert again["refused"] == []
    assert replies(app, first) == (2, 1)
    with app.app_context():
        found = learning.answers()
    assert [(each.task_id, each.yes, each.signs[2]) for each in found] == [
        ("b1", True, 0.2),
        ("b2", False, 0.0),
        ("b3", False, 0.0),
    ]
    # Won after the second was asked: for the third half of the usual two slots is taken.
    assert [each.signs[1] for each in found] == [0.0, 0.0, 0.5]
    assert found[1].signs[0] > found[0].signs[0]


def test_a_corrected_answer_is_counted_once(app, zhou):
    said = tell(zhou, [*accounts(), brief(), step("invited")]).json
    assert replies(app, said) == (0, 1)

    tell(zhou, [step("accepted", hours=3)])

    assert replies(app, said) == (1, 0)
    tell(zhou, [step("accepted", hours=4), step("invited")])
    assert replies(app, said) == (1, 0)


def test_an_invitation_of_today_is_no_refusal_yet(app, zhou):
    now = datetime.now(UTC).isoformat()
    said = tell(zhou, [*accounts(), brief(at=now), step("invited") | {"at": now}]).json

    assert replies(app, said) == (0, 0)
    with app.app_context():
        assert learning.answers() == []


@pytest.mark.parametrize(
    ("rows", "line", "pointer"),
    [
        ([brief(merchant="nobody")], 3, "/merchant"),
        ([brief(merchant="c0")], 3, "/merchant"),
        ([brief(category="spaceships")], 3, "/category"),
        ([brief(budget_fen=-5)], 3, "/budget_fen"),
        ([step("invited")], 3, "/brief"),
        ([brief(), step("invited", creator="shop")], 4, "/creator"),
        ([brief(), step("dreamt")], 4, "/decision"),
        ([brief(), step("invited", at="soon")], 4, "/at"),
        ([brief(), step("invited"), step("declined"), step("accepted")], 6, "/decision"),
    ],
)
def test_a_bad_line_is_told_by_number_and_field_and_the_others_stand(app, zhou, rows, line, pointer):
    report = tell(zhou, [*accounts(), *rows]).json

    assert [(row["line"], row["pointer"]) for row in report["refused"]] == [(line, pointer)]
    assert report["briefs"] + report["decisions"] == len(rows) - 1


def test_the_acceptance_learns_from_answers_given_elsewhere(app, zhou):
    """Dear creators say no, cheap ones yes: the weight of the price goes down from where the code began."""
    rows: list[dict] = [*accounts(4)]
    for n in range(1, 61):
        dear = n % 2 == 0
        price = 180_000 if dear else 90_000
        rows += [brief(n)]
        rows += [step("invited", n, f"c{k}", price_fen=price) for k in range(4)]
        rows += [step("declined" if dear else "accepted", n, f"c{k}", hours=4) for k in range(4)]
    for at in range(0, len(rows), 500):
        assert tell(zhou, rows[at : at + 500]).json["refused"] == []

    with app.app_context():
        assert len(decisions.answers(10_000)) == 240
        model = learning.refit()

    assert model is not None
    assert model.report["answers"] == 240
    assert model.weights[3] < -4.0
    assert model.report["gain"] > 0

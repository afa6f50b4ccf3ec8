"""Orders and milestones change in place: no index on an order's state, room on its page, one CHECK for a milestone; and
remembered answers, which are thrown away after a while, lock no party's row."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

import market.orders

revision = "20261127_orders_in_place"
down_revision = "20261127_wrote_nothing"
branch_labels = None
depends_on = None

ADDS_UP = (
    "milestone_adds_up(state, amount_fen, released_fen, returned_fen, reversed_fen, fee_fen, agency_fen, tax_fen,"
    " creator_fen, funded_at, begun_at, held_by)"
)
SINGLE = {
    "amount": "amount_fen >= 0",
    "shares_iff_released": "released_fen = 0 OR creator_fen IS NOT NULL",
    "begun_needs_funds": "begun_at IS NULL OR funded_at IS NOT NULL",
    "shares_sum": "creator_fen IS NULL OR creator_fen + agency_fen + fee_fen + tax_fen = released_fen",
    "held_by": "state <> 'held' OR held_by IS NOT NULL",
    "ended_whole": "released_fen >= 0 AND returned_fen >= 0 AND reversed_fen BETWEEN 0 AND released_fen AND CASE state"
    " WHEN 'released' THEN released_fen = amount_fen AND returned_fen = 0"
    " WHEN 'refunded' THEN released_fen = 0"
    " AND returned_fen = CASE WHEN funded_at IS NULL THEN 0 ELSE amount_fen END"
    " WHEN 'split' THEN released_fen + returned_fen = amount_fen"
    " ELSE released_fen <= amount_fen AND returned_fen = 0 END",
}


def upgrade() -> None:
    op.execute(Path(market.orders.__file__).with_name("schema.sql").read_text("utf-8"))
    op.create_check_constraint("adds_up", "milestones", ADDS_UP)
    for name in SINGLE:
        op.drop_constraint(op.f(f"ck_milestones_{name}"), "milestones", type_="check")
    op.create_index("ix_orders_open", "orders", ["id"], postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_orders_state_id", "orders")
    op.execute("ALTER TABLE orders SET (fillfactor = 75)")
    op.drop_constraint(op.f("fk_remembered_answers_party_id"), "remembered_answers", type_="foreignkey")


def downgrade() -> None:
    op.create_foreign_key(
        op.f("fk_remembered_answers_party_id"), "remembered_answers", "parties", ["party_id"], ["id"]
    )
    op.execute("ALTER TABLE orders RESET (fillfactor)")
    op.create_index("ix_orders_state_id", "orders", ["state", "id"])
    op.drop_index("ix_orders_open", "orders")
    for name, rule in SINGLE.items():
        op.create_check_constraint(op.f(f"ck_milestones_{name}"), "milestones", rule)
    op.drop_constraint(op.f("ck_milestones_adds_up"), "milestones", type_="check")
    op.execute(
        "DROP FUNCTION milestone_adds_up(text, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint,"
        " timestamptz, timestamptz, uuid)"
    )

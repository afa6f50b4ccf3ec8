"""Less to read and to keep for each acceptance: shorter CHECKs of orders and endings, remembered answers found by their
party and key alone; a posting looks all its accounts up at once, an acceptance changes both stages at once."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

import market.delivery
import market.ledger
import market.orders

revision = "20261128_less_to_check"
down_revision = "20261128_task_length"
branch_labels = None
depends_on = None

SINGLE = {
    "price": "price_fen > 0",
    "fee": "fee_bps BETWEEN 0 AND 10000",
    "commission": "commission_bps BETWEEN 0 AND 10000",
    "tax": "tax_bps BETWEEN 0 AND 10000",
}
SHARES = (
    "price_fen > 0 AND least(fee_bps, commission_bps, tax_bps) >= 0"
    " AND greatest(fee_bps, commission_bps, tax_bps) <= 10000"
)
ENDING = (
    "released_fen >= 0 AND returned_fen >= 0 AND CASE outcome WHEN 'release' THEN returned_fen = 0"
    " WHEN 'refund' THEN released_fen = 0 ELSE released_fen > 0 AND returned_fen > 0 END"
)


def upgrade() -> None:
    for package in (market.ledger, market.orders, market.delivery):
        sql = Path(package.__file__).with_name("schema.sql").read_text("utf-8")
        op.get_bind().exec_driver_sql(sql, execution_options={"no_parameters": True})
    op.create_check_constraint("price_and_shares", "orders", SHARES)
    for name in SINGLE:
        op.drop_constraint(op.f(f"ck_orders_{name}"), "orders", type_="check")
    op.drop_constraint(op.f("ck_milestone_endings_outcome"), "milestone_endings", type_="check")
    op.create_check_constraint(
        "outcome", "milestone_endings", "ending_adds_up(outcome, released_fen, returned_fen)"
    )
    op.drop_constraint(op.f("pk_remembered_answers"), "remembered_answers", type_="primary")
    op.drop_column("remembered_answers", "id")
    op.create_primary_key(op.f("pk_remembered_answers"), "remembered_answers", ["party_id", "key"])
    op.drop_constraint(op.f("uq_remembered_answers_party_id_key"), "remembered_answers", type_="unique")
    op.drop_index("ix_remembered_answers_created_at", "remembered_answers")
    op.create_index(
        "ix_remembered_answers_created_at", "remembered_answers", ["created_at"], postgresql_using="brin"
    )


def downgrade() -> None:
    op.drop_index("ix_remembered_answers_created_at", "remembered_answers")
    op.create_index("ix_remembered_answers_created_at", "remembered_answers", ["created_at"])
    op.create_unique_constraint(
        op.f("uq_remembered_answers_party_id_key"), "remembered_answers", ["party_id", "key"]
    )
    op.drop_constraint(op.f("pk_remembered_answers"), "remembered_answers", type_="primary")
    op.add_column(
        "remembered_answers",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
    )
    op.create_primary_key(op.f("pk_remembered_answers"), "remembered_answers", ["id"])
    op.drop_constraint(op.f("ck_milestone_endings_outcome"), "milestone_endings", type_="check")
    op.create_check_constraint("outcome", "milestone_endings", ENDING)
    for name, rule in SINGLE.items():
        op.create_check_constraint(name, "orders", rule)
    op.drop_constraint(op.f("ck_orders_price_and_shares"), "orders", type_="check")
    op.execute("DROP FUNCTION ending_adds_up(text, bigint, bigint)")

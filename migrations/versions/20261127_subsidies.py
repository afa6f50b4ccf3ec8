"""Subsidies with budgets, and what orders are granted of them."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_subsidies"
down_revision = "20261127_chargebacks"
branch_labels = None
depends_on = None


def _row() -> list[sa.Column[object]]:
    moment = sa.DateTime(timezone=True)
    return [
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", moment, server_default=sa.text("clock_timestamp()"), nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "subsidies",
        *_row(),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("campaign_code", sa.String()),
        sa.Column("percent_bps", sa.Integer(), nullable=False),
        sa.Column("fixed_fen", sa.BigInteger(), nullable=False),
        sa.Column("cap_fen", sa.BigInteger(), nullable=False),
        sa.Column("least_price_fen", sa.BigInteger(), nullable=False),
        sa.Column("budget_fen", sa.BigInteger(), nullable=False),
        sa.Column("taken_fen", sa.BigInteger(), nullable=False),
        sa.Column("audience", sa.String(32), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("taken_fen BETWEEN 0 AND budget_fen", name=op.f("ck_subsidies_budget")),
        sa.CheckConstraint("(percent_bps > 0) <> (fixed_fen > 0)", name=op.f("ck_subsidies_rule")),
        sa.CheckConstraint(
            "percent_bps BETWEEN 0 AND 10000 AND cap_fen > 0", name=op.f("ck_subsidies_limits")
        ),
        sa.CheckConstraint("kind <> 'fee' OR percent_bps > 0", name=op.f("ck_subsidies_fee_in_bps")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_subsidies_window")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subsidies")),
    )
    op.create_index("ix_subsidies_kind_ends_at", "subsidies", ["kind", "ends_at"])
    op.create_table(
        "subsidy_grants",
        *_row(),
        sa.Column("subsidy_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("used_fen", sa.BigInteger(), nullable=False),
        sa.Column("returned_fen", sa.BigInteger(), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "0 <= returned_fen AND returned_fen <= used_fen AND used_fen <= amount_fen",
            name=op.f("ck_subsidy_grants_order"),
        ),
        sa.ForeignKeyConstraint(["subsidy_id"], ["subsidies.id"], name=op.f("fk_subsidy_grants_subsidy_id")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_subsidy_grants_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subsidy_grants")),
        sa.UniqueConstraint("subject_id", "kind", name=op.f("uq_subsidy_grants_subject_id_kind")),
    )
    op.create_index(op.f("ix_subsidy_grants_subsidy_id"), "subsidy_grants", ["subsidy_id"])
    op.create_index(op.f("ix_subsidy_grants_party_id"), "subsidy_grants", ["party_id"])


def downgrade() -> None:
    op.drop_table("subsidy_grants")
    op.drop_table("subsidies")

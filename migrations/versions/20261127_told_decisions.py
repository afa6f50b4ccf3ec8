"""Decisions from elsewhere."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_told_decisions"
down_revision = "20261127_turns"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "told_briefs",
        sa.Column("ref", sa.Text(), primary_key=True),
        sa.Column("merchant_id", sa.Uuid(), sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("closes_at", moment),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("format", sa.String(32), nullable=False),
        sa.Column("budget_fen", sa.BigInteger()),
        sa.CheckConstraint("budget_fen > 0", name=op.f("ck_told_briefs_budget")),
    )
    op.create_index("ix_told_briefs_merchant_id", "told_briefs", ["merchant_id"])
    op.create_table(
        "told_decisions",
        sa.Column("brief_ref", sa.Text(), sa.ForeignKey("told_briefs.ref"), primary_key=True),
        sa.Column("creator_id", sa.Uuid(), sa.ForeignKey("parties.id"), primary_key=True),
        sa.Column("decision", sa.String(32), primary_key=True),
        sa.Column("at", moment, nullable=False),
        sa.Column("price_fen", sa.BigInteger()),
        sa.CheckConstraint("price_fen > 0", name=op.f("ck_told_decisions_price")),
    )
    op.create_index("ix_told_decisions_creator_id", "told_decisions", ["creator_id"])
    op.create_table(
        "told_replies",
        sa.Column("creator_id", sa.Uuid(), sa.ForeignKey("parties.id"), primary_key=True),
        sa.Column("replies", sa.Integer(), nullable=False),
        sa.Column("unanswered", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("told_replies")
    op.drop_table("told_decisions")
    op.drop_table("told_briefs")

"""Runs of the reconciliation and the differences they find."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_reconciliation"
down_revision = "20261127_entries"
branch_labels = None
depends_on = None


def _row() -> list[sa.Column]:
    return [
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), primary_key=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
    ]


def _moment(name: str, *, needed: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not needed)


def upgrade() -> None:
    op.create_table(
        "reconciliation_runs",
        *_row(),
        sa.Column("slot", sa.Text(), unique=True),
        sa.Column("scope", sa.String(32), nullable=False),
        sa.Column("asked_by", sa.Uuid()),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("steps_done", sa.Integer(), nullable=False),
        _moment("beat_at"),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("resolved", sa.Integer(), nullable=False),
        sa.Column("still_open", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        _moment("started_at"),
        _moment("ended_at"),
    )
    op.create_index(
        "ix_reconciliation_runs_open",
        "reconciliation_runs",
        ["id"],
        postgresql_where=sa.text("state IN ('asked', 'running')"),
    )
    op.create_table(
        "reconciliation_differences",
        *_row(),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Uuid(), sa.ForeignKey("orders.id")),
        sa.Column("entry_id", sa.Text()),
        sa.Column("posting_id", sa.Uuid()),
        sa.Column("ours_fen", sa.BigInteger()),
        sa.Column("theirs_fen", sa.BigInteger()),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        _moment("since", needed=True),
        _moment("seen_at", needed=True),
        sa.Column("seen", sa.Integer(), nullable=False),
        _moment("alarmed_at"),
        _moment("frozen_at"),
        _moment("waived_at"),
        _moment("resolved_at"),
    )
    op.create_index(
        "uq_reconciliation_differences_open",
        "reconciliation_differences",
        ["kind", "ref"],
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_index("ix_reconciliation_differences_order_id", "reconciliation_differences", ["order_id"])
    op.create_index(
        "ix_reconciliation_differences_resolved_at", "reconciliation_differences", ["resolved_at", "id"]
    )
    op.create_index("ix_stripe_entries_posting_id", "stripe_entries", ["posting_id"])


def downgrade() -> None:
    op.drop_index("ix_stripe_entries_posting_id", "stripe_entries")
    op.drop_table("reconciliation_differences")
    op.drop_table("reconciliation_runs")

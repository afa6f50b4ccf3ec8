"""Runs of the rush and their offers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "20261127_rush"
down_revision = "20261127_plan_picks"
branch_labels = None
depends_on = None


def _row() -> list[sa.Column[object]]:
    moment = sa.DateTime(timezone=True)
    return [
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), primary_key=True),
        sa.Column("created_at", moment, server_default=sa.text("clock_timestamp()"), nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "rush_runs",
        *_row(),
        sa.Column("asked_by", sa.Uuid()),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("briefs", sa.Integer(), nullable=False),
        sa.Column("briefs_done", sa.Integer(), nullable=False),
        sa.Column("report", JSONB(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
    )
    op.create_index(
        "ix_rush_runs_open", "rush_runs", ["id"], postgresql_where=sa.text("state IN ('asked', 'running')")
    )
    op.create_table(
        "rush_offers",
        *_row(),
        sa.Column("run_id", sa.Uuid(), sa.ForeignKey("rush_runs.id"), nullable=False),
        sa.Column("task_id", sa.Uuid(), sa.ForeignKey("tasks.id"), nullable=False),
        sa.Column("creator_id", sa.Uuid(), sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("declined_by", sa.Uuid()),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("price_fen > 0", name=op.f("ck_rush_offers_price")),
    )
    op.create_index("uq_rush_offers_run", "rush_offers", ["run_id", "task_id", "creator_id"], unique=True)
    op.create_index("ix_rush_offers_task_id_id", "rush_offers", ["task_id", "id"])
    op.create_index("ix_rush_offers_creator_id_id", "rush_offers", ["creator_id", "id"])


def downgrade() -> None:
    op.drop_table("rush_offers")
    op.drop_table("rush_runs")

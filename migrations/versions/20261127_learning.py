"""What lists showed, and models of who says yes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "20261127_learning"
down_revision = "20261127_traffic"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    born = sa.text("clock_timestamp()")
    op.create_table(
        "match_showings",
        sa.Column("side", sa.String(32), primary_key=True),
        sa.Column("task_id", sa.Uuid(), sa.ForeignKey("tasks.id"), primary_key=True),
        sa.Column("creator_id", sa.Uuid(), sa.ForeignKey("parties.id"), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("at", moment, server_default=born, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("fit", sa.Float(), nullable=False),
        sa.Column("acceptance", sa.Float(), nullable=False),
        sa.Column("signs", ARRAY(sa.Float()), nullable=False),
        sa.Column("opened_at", moment),
        sa.CheckConstraint("times > 0 AND position > 0", name=op.f("ck_match_showings_counts")),
    )
    op.create_index("ix_match_showings_day", "match_showings", ["day"])
    op.create_index("ix_match_showings_creator_id_day", "match_showings", ["creator_id", "day"])
    op.create_table(
        "acceptance_models",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), primary_key=True),
        sa.Column("created_at", moment, server_default=born, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("fitted", sa.Boolean(), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("weights", ARRAY(sa.Float()), nullable=False),
        sa.Column("report", JSONB(), nullable=False),
        sa.Column("promoted_by", sa.Uuid(), sa.ForeignKey("people.id")),
        sa.Column("promoted_at", moment),
        sa.Column("reason", sa.Text(), nullable=False),
    )
    op.create_index(
        "uq_acceptance_models_active",
        "acceptance_models",
        ["active"],
        unique=True,
        postgresql_where=sa.text("active"),
    )


def downgrade() -> None:
    op.drop_table("acceptance_models")
    op.drop_table("match_showings")

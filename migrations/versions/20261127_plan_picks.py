"""Whom a plan invited."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_plan_picks"
down_revision = "20261127_collections"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "plan_picks",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), primary_key=True),
        sa.Column("created_at", moment, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("task_id", sa.Uuid(), sa.ForeignKey("tasks.id"), nullable=False),
        sa.Column("creator_id", sa.Uuid(), sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("brief_id", sa.Uuid(), sa.ForeignKey("tasks.id"), nullable=False),
        sa.Column("invitation_id", sa.Uuid(), sa.ForeignKey("invitations.id"), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("brief_id", name=op.f("uq_plan_picks_brief_id")),
        sa.UniqueConstraint("invitation_id", name=op.f("uq_plan_picks_invitation_id")),
    )
    op.create_index("uq_plan_picks_task_creator", "plan_picks", ["task_id", "creator_id"], unique=True)


def downgrade() -> None:
    op.drop_table("plan_picks")

"""Orders that hold money for too long are operators' tasks."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_held_tasks"
down_revision = "20261127_split_rules"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "order_held_tasks",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("done_by", sa.Uuid()),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_held_tasks_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_held_tasks")),
    )
    op.create_index(op.f("ix_order_held_tasks_order_id"), "order_held_tasks", ["order_id"])
    op.create_index(
        "uq_order_held_tasks_open",
        "order_held_tasks",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("done_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("order_held_tasks")

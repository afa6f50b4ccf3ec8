"""How long the video of a brief shall be. Briefs that are there ask for no particular length."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_task_length"
down_revision = "20261128_fewer_timers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "tasks",
        sa.Column(
            "length",
            sa.Enum("short", "medium", "long", name="length", native_enum=False, length=32),
            nullable=True,
        ),
    )
    op.create_check_constraint(op.f("ck_tasks_length"), "tasks", "length IS NULL OR format = 'video'")


def downgrade() -> None:
    op.drop_column("tasks", "length")

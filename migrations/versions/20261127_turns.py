"""Whose turn it is: what a page showed is told from what a program read."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_turns"
down_revision = "20261127_calendar"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("match_showings", sa.Column("category", sa.String(), nullable=False, server_default=""))
    op.add_column(
        "match_showings", sa.Column("on_page", sa.Boolean(), nullable=False, server_default="false")
    )
    op.execute("UPDATE match_showings s SET category = t.category FROM tasks t WHERE t.id = s.task_id")
    op.alter_column("match_showings", "category", server_default=None)
    op.alter_column("match_showings", "on_page", server_default=None)
    op.create_index(
        "ix_match_showings_seen",
        "match_showings",
        ["category", "day", "creator_id", "task_id"],
        postgresql_include=["position"],
        postgresql_where=sa.text("side = 'creators' AND on_page"),
    )


def downgrade() -> None:
    op.drop_index("ix_match_showings_seen", "match_showings")
    op.drop_column("match_showings", "on_page")
    op.drop_column("match_showings", "category")

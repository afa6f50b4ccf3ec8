"""Who was seen is asked by creator."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_seen"
down_revision = "20261127_drawn"
branch_labels = None
depends_on = None

WAS = "side = 'creators' AND on_page"


def upgrade() -> None:
    op.drop_index("ix_match_showings_seen", "match_showings")
    op.drop_index("ix_match_showings_creator_id_day", "match_showings")
    for name, where in (("seen", WAS), ("first", f"{WAS} AND position <= 10")):
        op.create_index(
            f"ix_match_showings_{name}",
            "match_showings",
            ["creator_id", "category", "day"],
            postgresql_include=["task_id"],
            postgresql_where=sa.text(where),
        )


def downgrade() -> None:
    op.drop_index("ix_match_showings_first", "match_showings")
    op.drop_index("ix_match_showings_seen", "match_showings")
    op.create_index("ix_match_showings_creator_id_day", "match_showings", ["creator_id", "day"])
    op.create_index(
        "ix_match_showings_seen",
        "match_showings",
        ["category", "day", "creator_id", "task_id"],
        postgresql_include=["position"],
        postgresql_where=sa.text(WAS),
    )

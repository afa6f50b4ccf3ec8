"""Saved searches of the hall of briefs, beside those of the square; what waits to be told of them, and what was told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSQUERY

revision = "20261128_brief_searches"
down_revision = "20261128_length_prices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column(
        "saved_searches", sa.Column("kind", sa.String(32), nullable=False, server_default="creators")
    )
    op.alter_column("saved_searches", "kind", server_default=None)
    op.add_column("saved_searches", sa.Column("needs", TSQUERY()))
    op.add_column("saved_searches", sa.Column("anchor", sa.String()))
    op.create_check_constraint(
        op.f("ck_saved_searches_needs"),
        "saved_searches",
        "(kind = 'briefs') = (needs IS NOT NULL AND anchor IS NOT NULL)",
    )
    op.drop_index("ix_saved_searches_due_at", "saved_searches")
    op.create_index(
        "ix_saved_searches_due_at",
        "saved_searches",
        ["due_at"],
        postgresql_where=sa.text("kind = 'creators' AND alerts"),
    )
    op.create_index(
        "ix_saved_searches_anchor",
        "saved_searches",
        ["anchor"],
        postgresql_where=sa.text("kind = 'briefs' AND alerts"),
    )
    op.create_table(
        "search_hits",
        sa.Column(
            "search_id", sa.Uuid(), sa.ForeignKey("saved_searches.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("task_id", sa.Uuid(), sa.ForeignKey("tasks.id"), primary_key=True),
        sa.Column("due_at", moment, nullable=False),
    )
    op.create_index(op.f("ix_search_hits_due_at"), "search_hits", ["due_at"])
    op.create_table(
        "search_told",
        sa.Column("party_id", sa.Uuid(), sa.ForeignKey("parties.id"), primary_key=True),
        sa.Column("task_id", sa.Uuid(), sa.ForeignKey("tasks.id"), primary_key=True),
        sa.Column("at", moment, nullable=False),
    )
    op.create_index(op.f("ix_search_told_at"), "search_told", ["at"])


def downgrade() -> None:
    op.drop_table("search_told")
    op.drop_table("search_hits")
    op.drop_index("ix_saved_searches_anchor", "saved_searches")
    op.drop_index("ix_saved_searches_due_at", "saved_searches")
    op.execute("DELETE FROM saved_searches WHERE kind = 'briefs'")
    op.create_index("ix_saved_searches_due_at", "saved_searches", ["due_at"])
    op.drop_constraint(op.f("ck_saved_searches_needs"), "saved_searches")
    for name in ("anchor", "needs", "kind"):
        op.drop_column("saved_searches", name)

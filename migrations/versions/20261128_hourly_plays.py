"""At which hours of a day works are played here. Of days before this nothing is known."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "20261128_hourly_plays"
down_revision = "20261128_brief_searches"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hourly_plays",
        sa.Column("entry_id", sa.Uuid(), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("hours", ARRAY(sa.Integer()), nullable=False),
        sa.CheckConstraint("cardinality(hours) = 24", name=op.f("ck_hourly_plays_hours")),
    )
    op.create_index("ix_hourly_plays_day", "hourly_plays", ["day"])


def downgrade() -> None:
    op.drop_table("hourly_plays")

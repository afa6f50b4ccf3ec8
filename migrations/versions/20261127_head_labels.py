"""What a film is at a product's head."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_head_labels"
down_revision = "20261127_rush"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("videos", sa.Column("label", sa.String(32)))
    op.create_index(
        "ix_videos_label_id",
        "videos",
        ["label", "id"],
        postgresql_where=sa.text("withdrawn_at IS NULL AND label IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_videos_label_id", "videos")
    op.drop_column("videos", "label")

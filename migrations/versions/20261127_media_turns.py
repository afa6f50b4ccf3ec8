"""Media workers go round the parties."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_media_turns"
down_revision = "20261127_audience"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "media_turns",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", moment, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("served_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["parties.id"], name=op.f("fk_media_turns_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media_turns")),
        sa.UniqueConstraint("owner_id", name=op.f("uq_media_turns_owner_id")),
    )


def downgrade() -> None:
    op.drop_table("media_turns")

"""Files of deleted assets, until they are removed from the storage."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_discarded_files"
down_revision = "20261127_finding"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "discarded_files",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("token", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discarded_files")),
        sa.UniqueConstraint("token", name=op.f("uq_discarded_files_token")),
    )


def downgrade() -> None:
    op.drop_table("discarded_files")

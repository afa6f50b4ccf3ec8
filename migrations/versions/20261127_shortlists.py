"""The shortlist of a merchant's team."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_shortlists"
down_revision = "20261127_orders_in_place"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shortlisted",
        sa.Column("merchant_id", sa.Uuid(), sa.ForeignKey("parties.id"), primary_key=True),
        sa.Column("creator_id", sa.Uuid(), sa.ForeignKey("parties.id"), primary_key=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("added_by", sa.Uuid(), sa.ForeignKey("people.id")),
    )
    op.create_index("ix_shortlisted_creator_id", "shortlisted", ["creator_id"])


def downgrade() -> None:
    op.drop_table("shortlisted")

"""Merchants' video modules in venues."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261127_venue_offers"
down_revision = "20261127_film_standings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "venue_offers",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", moment, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("rule", sa.String(32), nullable=False),
        sa.Column("label", sa.String(32)),
        sa.Column("category", sa.String()),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("video_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("size BETWEEN 1 AND 24", name=op.f("ck_venue_offers_size")),
        sa.CheckConstraint("rule <> 'label' OR label IS NOT NULL", name=op.f("ck_venue_offers_label")),
        sa.CheckConstraint(
            "rule <> 'category' OR category IS NOT NULL", name=op.f("ck_venue_offers_category")
        ),
        sa.ForeignKeyConstraint(["venue_id"], ["venues.id"], name=op.f("fk_venue_offers_venue_id")),
        sa.ForeignKeyConstraint(["merchant_id"], ["parties.id"], name=op.f("fk_venue_offers_merchant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venue_offers")),
        sa.UniqueConstraint("venue_id", "merchant_id", name=op.f("uq_venue_offers_venue_id_merchant_id")),
    )
    op.create_index(op.f("ix_venue_offers_merchant_id"), "venue_offers", ["merchant_id"])
    op.add_column("venue_modules", sa.Column("offer_id", sa.Uuid()))
    op.create_foreign_key(
        op.f("fk_venue_modules_offer_id"), "venue_modules", "venue_offers", ["offer_id"], ["id"]
    )
    op.create_index(op.f("ix_venue_modules_offer_id"), "venue_modules", ["offer_id"])


def downgrade() -> None:
    op.drop_column("venue_modules", "offer_id")
    op.drop_table("venue_offers")

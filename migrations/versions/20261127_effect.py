"""What past works brought, and the model that says what a work will bring."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "20261127_effect"
down_revision = "20261127_ledger_lock"
branch_labels = None
depends_on = None


def _row() -> list[sa.Column[object]]:
    moment = sa.DateTime(timezone=True)
    return [
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), primary_key=True),
        sa.Column("created_at", moment, server_default=sa.text("clock_timestamp()"), nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "outcomes",
        *_row(),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("creator_id", sa.Uuid(), sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("format", sa.String(32), nullable=False),
        sa.Column("price_fen", sa.BigInteger()),
        sa.Column("fans", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("plays", sa.BigInteger(), nullable=False),
        sa.Column("interactions", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("source", name=op.f("uq_outcomes_source")),
        sa.CheckConstraint(
            "plays >= 0 AND interactions >= 0 AND price_fen > 0", name=op.f("ck_outcomes_counts")
        ),
    )
    op.create_index("ix_outcomes_creator_id_at", "outcomes", ["creator_id", "at"])
    op.create_index("ix_outcomes_at", "outcomes", ["at"])
    op.create_table(
        "effect_models",
        *_row(),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("outcomes", sa.Integer(), nullable=False),
        sa.Column("weights", JSONB(), nullable=False),
        sa.Column("report", JSONB(), nullable=False),
    )
    op.create_index(
        "uq_effect_models_active",
        "effect_models",
        ["active"],
        unique=True,
        postgresql_where=sa.text("active"),
    )


def downgrade() -> None:
    op.drop_table("effect_models")
    op.drop_table("outcomes")

"""Disputes about the money of a stage."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_disputes"
down_revision = "20261127_subsidies"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "disputes",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("milestone_id", sa.Uuid(), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("against", sa.Uuid(), nullable=False),
        sa.Column("ground", sa.String(32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("held_fen", sa.BigInteger(), nullable=False),
        sa.Column("claim_fen", sa.BigInteger(), nullable=False),
        sa.Column("stood_at", sa.String(32), nullable=False),
        sa.Column("to_wallet", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ruling_fen", sa.BigInteger()),
        sa.Column("ruling_reason", sa.Text(), nullable=False),
        sa.Column("ruled_by", sa.Uuid()),
        sa.Column("ruled_at", sa.DateTime(timezone=True)),
        sa.Column("appealed_by", sa.Uuid()),
        sa.Column("decided_fen", sa.BigInteger()),
        sa.Column("how", sa.String(32)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "claim_fen BETWEEN 0 AND held_fen AND held_fen > 0", name=op.f("ck_disputes_claim")
        ),
        sa.CheckConstraint(
            "ruling_fen IS NULL OR ruling_fen BETWEEN 0 AND held_fen", name=op.f("ck_disputes_ruling")
        ),
        sa.CheckConstraint(
            "(state = 'decided') = (decided_fen IS NOT NULL)"
            " AND (decided_fen IS NULL OR decided_fen BETWEEN 0 AND held_fen)",
            name=op.f("ck_disputes_decided"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_disputes_order_id")),
        sa.ForeignKeyConstraint(["milestone_id"], ["milestones.id"], name=op.f("fk_disputes_milestone_id")),
        sa.ForeignKeyConstraint(["opened_by"], ["parties.id"], name=op.f("fk_disputes_opened_by")),
        sa.ForeignKeyConstraint(["against"], ["parties.id"], name=op.f("fk_disputes_against")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
    )
    op.create_index(op.f("ix_disputes_order_id"), "disputes", ["order_id"])
    op.create_index(op.f("ix_disputes_milestone_id"), "disputes", ["milestone_id"])
    op.create_index("ix_disputes_state_due_at", "disputes", ["state", "due_at"])
    op.create_index(
        "uq_disputes_open",
        "disputes",
        ["milestone_id"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('decided', 'dropped')"),
    )
    op.create_table(
        "dispute_entries",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("dispute_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("creator_fen", sa.BigInteger()),
        sa.CheckConstraint(
            "creator_fen IS NULL OR creator_fen >= 0", name=op.f("ck_dispute_entries_creator")
        ),
        sa.ForeignKeyConstraint(["dispute_id"], ["disputes.id"], name=op.f("fk_dispute_entries_dispute_id")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_dispute_entries_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute_entries")),
    )
    op.create_index(op.f("ix_dispute_entries_dispute_id"), "dispute_entries", ["dispute_id"])


def downgrade() -> None:
    op.drop_table("dispute_entries")
    op.drop_table("disputes")

"""Refunds, and how much of each charge was asked back."""

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op

revision = "20261127_refunds"
down_revision = "20261127_documents"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_milestones_held_by"), "milestones", type_="check")
    op.create_check_constraint(
        op.f("ck_milestones_held_by"), "milestones", "state <> 'held' OR held_by IS NOT NULL"
    )
    op.create_table(
        "order_exits",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sample_fen", sa.BigInteger(), nullable=False),
        sa.Column("to_wallet", sa.Boolean(), nullable=False),
        sa.Column("computed", sa.dialects.postgresql.JSONB(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposal", sa.dialects.postgresql.JSONB(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("sample_fen >= 0", name=op.f("ck_order_exits_sample")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_exits_order_id")),
        sa.ForeignKeyConstraint(["asked_by"], ["parties.id"], name=op.f("fk_order_exits_asked_by")),
        sa.ForeignKeyConstraint(["proposed_by"], ["parties.id"], name=op.f("fk_order_exits_proposed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_exits")),
    )
    op.create_index(op.f("ix_order_exits_order_id"), "order_exits", ["order_id"])
    op.create_index(
        "uq_order_exits_open",
        "order_exits",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.add_column("checkouts", sa.Column("refunded_fen", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_check_constraint(
        op.f("ck_checkouts_refunded"), "checkouts", "refunded_fen BETWEEN 0 AND coalesce(received_fen, 0)"
    )
    op.create_table(
        "refunds",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("checkout_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("payer_id", sa.Uuid(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("stripe_id", sa.String()),
        sa.Column("failure", sa.String(), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("looked_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_refunds_amount")),
        sa.ForeignKeyConstraint(["checkout_id"], ["checkouts.id"], name=op.f("fk_refunds_checkout_id")),
        sa.ForeignKeyConstraint(["payer_id"], ["parties.id"], name=op.f("fk_refunds_payer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("stripe_id", name=op.f("uq_refunds_stripe_id")),
    )
    op.create_index(op.f("ix_refunds_checkout_id"), "refunds", ["checkout_id"])
    op.create_index(op.f("ix_refunds_subject_id"), "refunds", ["subject_id"])
    op.create_index("ix_refunds_payer_id_id", "refunds", ["payer_id", "id"])
    op.create_index(
        "ix_refunds_pending", "refunds", ["looked_at"], postgresql_where=sa.text("state = 'pending'")
    )


def downgrade() -> None:
    op.drop_table("order_exits")
    op.drop_table("refunds")
    op.drop_constraint(op.f("ck_checkouts_refunded"), "checkouts", type_="check")
    op.drop_column("checkouts", "refunded_fen")

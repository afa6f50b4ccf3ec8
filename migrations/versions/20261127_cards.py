"""Customers and saved cards, and payments with one of them."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_cards"
down_revision = "20261127_ledger_blocks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customers",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("stripe_id", sa.String()),
        sa.Column("looked_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_customers_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("party_id", name=op.f("uq_customers_party_id")),
        sa.UniqueConstraint("stripe_id", name=op.f("uq_customers_stripe_id")),
    )
    op.create_table(
        "saved_cards",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("method_id", sa.String(), nullable=False),
        sa.Column("brand", sa.String(), nullable=False),
        sa.Column("last4", sa.String(), nullable=False),
        sa.Column("exp_month", sa.Integer(), nullable=False),
        sa.Column("exp_year", sa.Integer(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "NOT (is_default AND removed_at IS NOT NULL)", name=op.f("ck_saved_cards_default_in_use")
        ),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_saved_cards_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_cards")),
        sa.UniqueConstraint("method_id", name=op.f("uq_saved_cards_method_id")),
    )
    op.create_index(op.f("ix_saved_cards_party_id"), "saved_cards", ["party_id"])
    op.create_index(
        "uq_saved_cards_default",
        "saved_cards",
        ["party_id"],
        unique=True,
        postgresql_where=sa.text("is_default"),
    )
    op.add_column("checkouts", sa.Column("intent_id", sa.String()))
    op.add_column("checkouts", sa.Column("card_id", sa.Uuid()))
    op.create_unique_constraint(op.f("uq_checkouts_intent_id"), "checkouts", ["intent_id"])
    op.create_foreign_key(op.f("fk_checkouts_card_id"), "checkouts", "saved_cards", ["card_id"], ["id"])
    op.create_check_constraint("card", "checkouts", "(means = 'card') = (card_id IS NOT NULL)")


def downgrade() -> None:
    op.drop_constraint("ck_checkouts_card", "checkouts")
    op.drop_column("checkouts", "card_id")
    op.drop_column("checkouts", "intent_id")
    op.drop_table("saved_cards")
    op.drop_table("customers")

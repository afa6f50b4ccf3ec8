"""Chargebacks and what is held for them, evidence, debts; payouts that bounce, rhythms, a pause after another bank."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261127_chargebacks"
down_revision = "20261127_matching"
branch_labels = None
depends_on = None


def key() -> list[sa.Column]:
    return [
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
    ]


def points_to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    when, text_, fen = sa.DateTime(timezone=True), sa.Text(), sa.BigInteger()
    op.create_table(
        "chargebacks",
        *key(),
        sa.Column("dispute_id", sa.String(), nullable=False),
        sa.Column("charge_id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("payer_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("amount_fen", fen, nullable=False),
        sa.Column("fee_fen", fen, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("disputed_at", when, nullable=False),
        sa.Column("due_by", when),
        sa.Column("closed_at", when),
        sa.Column("settled_at", when),
        sa.Column("looked_at", when),
        sa.Column("statement", text_, server_default=sa.text("''"), nullable=False),
        sa.Column("payer_statement", text_, server_default=sa.text("''"), nullable=False),
        sa.Column("submitting_at", when),
        sa.Column("submitted_at", when),
        sa.Column("submit_error", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_chargebacks_amount")),
        sa.CheckConstraint(
            "(state IN ('won', 'lost')) = (closed_at IS NOT NULL)", name=op.f("ck_chargebacks_closed")
        ),
        points_to("chargebacks", "payer_id", "parties"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chargebacks")),
        sa.UniqueConstraint("dispute_id", name=op.f("uq_chargebacks_dispute_id")),
    )
    for column in ("charge_id", "subject_id", "payer_id"):
        op.create_index(f"ix_chargebacks_{column}", "chargebacks", [column])
    op.create_index(
        "ix_chargebacks_open",
        "chargebacks",
        ["looked_at"],
        postgresql_where=sa.text("state IN ('inquiry', 'open')"),
    )
    op.create_table(
        "chargeback_holds",
        *key(),
        sa.Column("chargeback_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("earning_id", sa.Uuid()),
        sa.Column("fen", fen, nullable=False),
        sa.Column("returned_fen", fen, server_default=sa.text("0"), nullable=False),
        sa.Column("lost_fen", fen, server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "fen > 0 AND returned_fen >= 0 AND lost_fen >= 0", name=op.f("ck_chargeback_holds_fen")
        ),
        sa.CheckConstraint("returned_fen + lost_fen <= fen", name=op.f("ck_chargeback_holds_once")),
        points_to("chargeback_holds", "chargeback_id", "chargebacks"),
        points_to("chargeback_holds", "earning_id", "earnings"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chargeback_holds")),
    )
    for column in ("chargeback_id", "earning_id"):
        op.create_index(f"ix_chargeback_holds_{column}", "chargeback_holds", [column])
    op.create_table(
        "evidence_files",
        *key(),
        sa.Column("chargeback_id", sa.Uuid(), nullable=False),
        sa.Column("slot", sa.String(length=32), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary()),
        sa.Column("file_id", sa.String()),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("by_party", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state = 'ready') <= (file_id IS NOT NULL)", name=op.f("ck_evidence_files_ready")
        ),
        points_to("evidence_files", "chargeback_id", "chargebacks"),
        points_to("evidence_files", "by_party", "parties"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_files")),
        sa.UniqueConstraint("file_id", name=op.f("uq_evidence_files_file_id")),
    )
    op.create_index("ix_evidence_files_chargeback_id", "evidence_files", ["chargeback_id"])
    op.create_index(
        "uq_evidence_files_slot",
        "evidence_files",
        ["chargeback_id", "slot"],
        unique=True,
        postgresql_where=sa.text("state <> 'removed'"),
    )
    op.create_table(
        "debts",
        *key(),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid()),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("amount_fen", fen, nullable=False),
        sa.Column("open_fen", fen, nullable=False),
        sa.Column("closed_at", when),
        sa.CheckConstraint("account IN ('PREC', 'MREC')", name=op.f("ck_debts_account")),
        sa.CheckConstraint(
            "amount_fen > 0 AND open_fen BETWEEN 0 AND amount_fen", name=op.f("ck_debts_amount")
        ),
        sa.CheckConstraint("(open_fen = 0) = (closed_at IS NOT NULL)", name=op.f("ck_debts_closed")),
        points_to("debts", "party_id", "parties"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_debts")),
        sa.UniqueConstraint("source_id", "party_id", name=op.f("uq_debts_source_id_party_id")),
    )
    op.create_index("ix_debts_party_id_id", "debts", ["party_id", "id"])
    op.create_index("ix_debts_open", "debts", ["party_id", "id"], postgresql_where=sa.text("open_fen > 0"))
    op.create_table(
        "debt_recoveries",
        *key(),
        sa.Column("debt_id", sa.Uuid(), nullable=False),
        sa.Column("way", sa.String(length=32), nullable=False),
        sa.Column("fen", fen, nullable=False),
        sa.Column("posting_id", sa.Uuid(), nullable=False),
        sa.Column("at", when, nullable=False),
        sa.CheckConstraint("fen > 0", name=op.f("ck_debt_recoveries_fen")),
        points_to("debt_recoveries", "debt_id", "debts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_debt_recoveries")),
        sa.UniqueConstraint("posting_id", "debt_id", name=op.f("uq_debt_recoveries_posting_id_debt_id")),
    )
    op.create_index("ix_debt_recoveries_debt_id", "debt_recoveries", ["debt_id"])

    for column in (
        sa.Column("bank_id", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("transfers_enabled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("requirements_due_at", when),
        sa.Column("held_until", when),
        sa.Column("rhythm", sa.String(length=32), server_default=sa.text("'manual'"), nullable=False),
        sa.Column("next_payout_at", when),
    ):
        op.add_column("connect_accounts", column)
    op.execute("UPDATE connect_accounts SET transfers_enabled = payouts_enabled")
    op.add_column("withdrawals", sa.Column("fee_fen", fen, server_default=sa.text("0"), nullable=False))
    op.add_column(
        "withdrawals",
        sa.Column("bounced_payouts", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_withdrawals_fee"), "withdrawals", "fee_fen >= 0 AND fee_fen < amount_fen"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_withdrawals_fee"), "withdrawals", type_="check")
    op.drop_column("withdrawals", "bounced_payouts")
    op.drop_column("withdrawals", "fee_fen")
    for name in (
        "next_payout_at",
        "rhythm",
        "held_until",
        "requirements_due_at",
        "transfers_enabled",
        "bank_id",
    ):
        op.drop_column("connect_accounts", name)
    for table in ("debt_recoveries", "debts", "evidence_files", "chargeback_holds", "chargebacks"):
        op.drop_table(table)

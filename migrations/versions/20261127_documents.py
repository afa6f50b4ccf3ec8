"""Documents, the counters of their numbers, and requests for a 发票."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261127_documents"
down_revision = "20261127_cards"
branch_labels = None
depends_on = None


def _row() -> list[sa.Column]:
    return [
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), primary_key=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
    ]


def upgrade() -> None:
    op.create_table(
        "document_counters",
        sa.Column("series", sa.String(8), primary_key=True),
        sa.Column("year", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "documents",
        *_row(),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("series", sa.String(8), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("party_id", sa.Uuid(), sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("order_id", sa.Uuid(), sa.ForeignKey("orders.id")),
        sa.Column("period", sa.String(7)),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pdf", sa.LargeBinary()),
        sa.Column("pdf_hash", sa.LargeBinary()),
        sa.UniqueConstraint("series", "year", "count", name="uq_documents_series_year_count"),
        sa.CheckConstraint("(order_id IS NULL) <> (period IS NULL)", name="about"),
    )
    op.create_index("ix_documents_order_id", "documents", ["order_id"])
    op.create_index("ix_documents_party_id_id", "documents", ["party_id", "id"])
    op.create_index(
        "uq_documents_order",
        "documents",
        ["kind", "order_id"],
        unique=True,
        postgresql_where=sa.text("order_id IS NOT NULL"),
    )
    op.create_index(
        "uq_documents_period",
        "documents",
        ["kind", "party_id", "period"],
        unique=True,
        postgresql_where=sa.text("period IS NOT NULL"),
    )
    op.create_table(
        "fapiao_requests",
        *_row(),
        sa.Column("party_id", sa.Uuid(), sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("asked_by", sa.Uuid()),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("tax_number", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Uuid()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("amount_fen > 0", name="amount"),
        sa.CheckConstraint("(state = 'issued') = (number <> '')", name="number_iff_issued"),
    )
    op.create_index("ix_fapiao_requests_party_id_id", "fapiao_requests", ["party_id", "id"])
    op.create_index(
        "ix_fapiao_requests_waiting",
        "fapiao_requests",
        ["id"],
        postgresql_where=sa.text("state = 'asked'"),
    )
    op.create_index(
        "uq_fapiao_requests_number",
        "fapiao_requests",
        ["number"],
        unique=True,
        postgresql_where=sa.text("number <> ''"),
    )
    op.create_table(
        "fapiao_lines",
        sa.Column("request_id", sa.Uuid(), sa.ForeignKey("fapiao_requests.id"), primary_key=True),
        sa.Column("document_id", sa.Uuid(), sa.ForeignKey("documents.id"), primary_key=True),
        sa.Column("held", sa.Boolean(), nullable=False),
    )
    op.create_index(
        "uq_fapiao_lines_held",
        "fapiao_lines",
        ["document_id"],
        unique=True,
        postgresql_where=sa.text("held"),
    )


def downgrade() -> None:
    op.drop_table("fapiao_lines")
    op.drop_table("fapiao_requests")
    op.drop_table("documents")
    op.drop_table("document_counters")

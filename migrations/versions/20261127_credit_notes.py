"""Credit notes: numbered papers that take from an invoice."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_credit_notes"
down_revision = "20261127_changes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("documents", sa.Column("corrects_id", sa.Uuid()))
    op.create_foreign_key(
        "fk_documents_corrects_id_documents", "documents", "documents", ["corrects_id"], ["id"]
    )
    op.create_index("ix_documents_corrects_id", "documents", ["corrects_id"])
    op.drop_index("uq_documents_order", "documents")
    op.create_index(
        "uq_documents_order",
        "documents",
        ["kind", "order_id"],
        unique=True,
        postgresql_where=sa.text("order_id IS NOT NULL AND kind <> 'credit_note'"),
    )
    op.create_check_constraint(
        "corrects",
        "documents",
        "(kind = 'credit_note') = (corrects_id IS NOT NULL) AND (kind <> 'credit_note' OR total_fen > 0)",
    )


def downgrade() -> None:
    op.drop_constraint("corrects", "documents", type_="check")
    op.drop_index("uq_documents_order", "documents")
    op.create_index(
        "uq_documents_order",
        "documents",
        ["kind", "order_id"],
        unique=True,
        postgresql_where=sa.text("order_id IS NOT NULL"),
    )
    op.drop_column("documents", "corrects_id")

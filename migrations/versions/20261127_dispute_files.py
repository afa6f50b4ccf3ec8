"""Files beside what is said in a dispute."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_dispute_files"
down_revision = "20261127_credit_notes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dispute_files",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("dispute_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid()),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute_files")),
        sa.ForeignKeyConstraint(
            ["dispute_id"], ["disputes.id"], name=op.f("fk_dispute_files_dispute_id_disputes")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["dispute_entries.id"], name=op.f("fk_dispute_files_entry_id_dispute_entries")
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_dispute_files_asset_id_assets")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_dispute_files_party_id_parties")),
        sa.UniqueConstraint("dispute_id", "asset_id", name=op.f("uq_dispute_files_dispute_id_asset_id")),
    )
    op.create_index(op.f("ix_dispute_files_entry_id"), "dispute_files", ["entry_id"])
    op.create_index(op.f("ix_dispute_files_asset_id"), "dispute_files", ["asset_id"])


def downgrade() -> None:
    op.drop_table("dispute_files")

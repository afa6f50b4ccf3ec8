"""The chain of hash blocks over what was posted."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

import market.ledger

revision = "20261127_ledger_blocks"
down_revision = "20261127_funding"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ledger_blocks",
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("from_xid", sa.BigInteger(), nullable=False),
        sa.Column("upto_xid", sa.BigInteger(), nullable=False),
        sa.Column("postings", sa.BigInteger(), nullable=False),
        sa.Column("prev", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "sealed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_ledger_blocks")),
    )
    op.create_index(
        "ix_ledger_postings_xid",
        "ledger_postings",
        ["xid"],
        postgresql_using="brin",
        postgresql_with={"pages_per_range": 16, "autosummarize": "on"},
    )
    sql = Path(market.ledger.__file__).with_name("blocks.sql").read_text("utf-8")
    op.get_bind().exec_driver_sql(sql, execution_options={"no_parameters": True})


def downgrade() -> None:
    raise NotImplementedError("a ledger is not taken down; restore a backup instead")

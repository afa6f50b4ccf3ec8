"""Holding balances before they are acted on; and what of a refund after release the platform bears."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

import market.ledger

revision = "20261127_ledger_lock"
down_revision = "20261127_walked_accounts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("schema.sql", "blocks.sql"):
        sql = Path(market.ledger.__file__).with_name(name).read_text("utf-8")
        op.get_bind().exec_driver_sql(sql, execution_options={"no_parameters": True})
    op.add_column("stage_refunds", sa.Column("lost_fen", sa.BigInteger(), server_default="0", nullable=False))
    op.drop_constraint("owed", "stage_refunds", type_="check")
    op.create_check_constraint(
        "owed",
        "stage_refunds",
        "owed_fen >= 0 AND lost_fen >= 0 AND owed_fen + lost_fen <= creator_fen + agency_fen",
    )


def downgrade() -> None:
    raise NotImplementedError("a ledger is not taken down; restore a backup instead")

"""The one writer of the ledger, its checkpoints, and the refusal of every other change."""

from pathlib import Path

from alembic import op

import market.ledger

revision = "20261123_ledger"
down_revision = "20261123_tables"
branch_labels = None
depends_on = None


def upgrade() -> None:
    sql = Path(market.ledger.__file__).with_name("schema.sql").read_text("utf-8")
    op.get_bind().exec_driver_sql(sql, execution_options={"no_parameters": True})


def downgrade() -> None:
    raise NotImplementedError("a ledger is not taken down; restore a backup instead")

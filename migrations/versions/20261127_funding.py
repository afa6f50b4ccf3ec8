"""Money in: what a payment is for and what is laid beside it, and since when a stage is funded."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_funding"
down_revision = "20261127_reconciliation"
branch_labels = None
depends_on = None

WHOLE = """released_fen >= 0 AND returned_fen >= 0 AND reversed_fen BETWEEN 0 AND released_fen AND CASE state
 WHEN 'released' THEN released_fen = amount_fen AND returned_fen = 0
 WHEN 'refunded' THEN released_fen = 0 AND returned_fen = %s
 WHEN 'split' THEN released_fen + returned_fen = amount_fen
 ELSE released_fen <= amount_fen AND returned_fen = 0 END"""
UNFUNDED = "CASE WHEN funded_at IS NULL THEN 0 ELSE amount_fen END"


def upgrade() -> None:
    op.add_column("checkouts", sa.Column("purpose", sa.String(32), server_default="order", nullable=False))
    op.add_column("checkouts", sa.Column("means", sa.String(32), server_default="page", nullable=False))
    op.add_column("checkouts", sa.Column("wallet_fen", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("checkouts", sa.Column("subsidy_fen", sa.BigInteger(), server_default="0", nullable=False))
    op.create_check_constraint("beside", "checkouts", "wallet_fen >= 0 AND subsidy_fen >= 0")
    op.add_column("milestones", sa.Column("funded_at", sa.DateTime(timezone=True)))
    op.execute(
        "UPDATE milestones SET funded_at = orders.funded_at FROM orders WHERE orders.id = milestones.order_id"
    )
    op.drop_constraint("ck_milestones_ended_whole", "milestones")
    op.create_check_constraint("ended_whole", "milestones", WHOLE % UNFUNDED)
    op.create_check_constraint("begun_needs_funds", "milestones", "begun_at IS NULL OR funded_at IS NOT NULL")


def downgrade() -> None:
    op.drop_constraint("ck_milestones_begun_needs_funds", "milestones")
    op.drop_constraint("ck_milestones_ended_whole", "milestones")
    op.create_check_constraint("ended_whole", "milestones", WHOLE % "amount_fen")
    op.drop_column("milestones", "funded_at")
    op.drop_constraint("ck_checkouts_beside", "checkouts")
    for column in ("subsidy_fen", "wallet_fen", "means", "purpose"):
        op.drop_column("checkouts", column)

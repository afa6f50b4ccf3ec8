"""The rules of sharing out, in versions; orders keep theirs."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_split_rules"
down_revision = "20261127_disputes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "split_rules",
        sa.Column("version", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("fee_bps", sa.Integer(), nullable=False),
        sa.Column("tax_bps", sa.Integer(), nullable=False),
        sa.Column("company_tax_bps", sa.Integer(), nullable=False),
        sa.Column(
            "since", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "fee_bps BETWEEN 0 AND 10000 AND tax_bps BETWEEN 0 AND 10000 AND company_tax_bps BETWEEN 0 AND 10000",
            name=op.f("ck_split_rules_rates"),
        ),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_split_rules")),
        sa.UniqueConstraint(
            "fee_bps",
            "tax_bps",
            "company_tax_bps",
            name=op.f("uq_split_rules_fee_bps_tax_bps_company_tax_bps"),
        ),
    )
    op.execute(
        "INSERT INTO split_rules (fee_bps, tax_bps, company_tax_bps)"
        " SELECT DISTINCT fee_bps, tax_bps, 0 FROM orders"
    )
    op.add_column("orders", sa.Column("rule_version", sa.Integer()))
    op.execute(
        "UPDATE orders o SET rule_version = r.version FROM split_rules r"
        " WHERE (r.fee_bps, r.tax_bps) = (o.fee_bps, o.tax_bps)"
    )
    op.alter_column("orders", "rule_version", nullable=False)
    op.create_foreign_key(
        op.f("fk_orders_rule_version"), "orders", "split_rules", ["rule_version"], ["version"]
    )


def downgrade() -> None:
    op.drop_column("orders", "rule_version")
    op.drop_table("split_rules")

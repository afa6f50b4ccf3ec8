"""Days of accounts elsewhere, and the signals found in them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "20261127_traffic"
down_revision = "20261127_discarded_files"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "account_days",
        sa.Column("party_id", sa.Uuid(), sa.ForeignKey("parties.id"), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("fans", sa.BigInteger()),
        sa.Column("plays", sa.BigInteger(), nullable=False),
        sa.Column("interactions", sa.BigInteger(), nullable=False),
        sa.Column("hours", ARRAY(sa.Integer()), nullable=False),
        sa.Column("comments_read", sa.Integer(), nullable=False),
        sa.Column("phrases", JSONB(), nullable=False),
        sa.CheckConstraint(
            "LEAST(fans, plays, interactions, comments_read) >= 0", name=op.f("ck_account_days_counts")
        ),
        sa.CheckConstraint("cardinality(hours) IN (0, 24)", name=op.f("ck_account_days_hours")),
    )
    op.create_index("ix_account_days_day", "account_days", ["day"])
    op.create_table(
        "traffic_signals",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), primary_key=True),
        sa.Column("created_at", moment, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("party_id", sa.Uuid(), sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("strength", sa.Float(), nullable=False),
        sa.Column("evidence", JSONB(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("counts_from", moment, nullable=False),
        sa.Column("ends_at", moment, nullable=False),
        sa.Column("appeal", sa.Text(), nullable=False),
        sa.Column("appealed_at", moment),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ruled_by", sa.Uuid(), sa.ForeignKey("people.id")),
        sa.Column("ruled_at", moment),
        sa.CheckConstraint("strength BETWEEN 0 AND 1", name=op.f("ck_traffic_signals_strength")),
        sa.CheckConstraint(
            "state NOT IN ('upheld', 'lifted') OR reason <> ''", name=op.f("ck_traffic_signals_reasoned")
        ),
    )
    op.create_index(
        "uq_traffic_signals_standing",
        "traffic_signals",
        ["party_id", "kind"],
        unique=True,
        postgresql_where=sa.text("state = 'standing'"),
    )
    op.create_index("ix_traffic_signals_party_id_id", "traffic_signals", ["party_id", "id"])
    op.create_index("ix_traffic_signals_state_id", "traffic_signals", ["state", "id"])


def downgrade() -> None:
    op.drop_table("traffic_signals")
    op.drop_table("account_days")

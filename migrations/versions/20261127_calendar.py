"""What creators state of their weeks, and their days off."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_calendar"
down_revision = "20261127_declared"
branch_labels = None
depends_on = None


def upgrade() -> None:
    party = sa.ForeignKey("parties.id")
    op.create_table(
        "stated_weeks",
        sa.Column("creator_id", sa.Uuid(), party, primary_key=True),
        sa.Column("monday", sa.Date(), primary_key=True),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.CheckConstraint("slots BETWEEN 0 AND 50", name=op.f("ck_stated_weeks_slots")),
        sa.CheckConstraint("EXTRACT(isodow FROM monday) = 1", name=op.f("ck_stated_weeks_monday")),
    )
    op.create_table(
        "days_off",
        sa.Column("creator_id", sa.Uuid(), sa.ForeignKey("parties.id"), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
    )
    # A written profile has stated its number; a row that only counts replies has not.
    op.alter_column("profiles", "slots_per_week", nullable=True)
    op.execute("UPDATE profiles SET slots_per_week = NULL WHERE categories = '{}'")


def downgrade() -> None:
    op.execute("UPDATE profiles SET slots_per_week = 2 WHERE slots_per_week IS NULL")
    op.alter_column("profiles", "slots_per_week", nullable=False)
    op.drop_table("days_off")
    op.drop_table("stated_weeks")

"""Views by day and surface, what is counted already, footprints, gaps in counting; a person's word on autoplay."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_audience"
down_revision = "20261127_effect"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def row_columns() -> list[sa.Column]:
    return [
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("clock_timestamp()"), nullable=False),
    ]


def upgrade() -> None:
    op.add_column("people", sa.Column("autoplay", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.alter_column("people", "autoplay", server_default=None)
    op.create_table(
        "daily_views",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("surface", sa.String(32), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("exposures", "plays", "plays5", "finishes")
        ),
        sa.CheckConstraint(
            "least(exposures, plays, plays5, finishes) >= 0", name=op.f("ck_daily_views_not_negative")
        ),
        sa.PrimaryKeyConstraint("entry_id", "day", "surface", name=op.f("pk_daily_views")),
    )
    op.create_table(
        "counted_views",
        sa.Column("visit", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("surface", sa.String(32), nullable=False),
        sa.Column("event", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("visit", "entry_id", "surface", "event", name=op.f("pk_counted_views")),
    )
    op.create_index("ix_counted_views_issued_on", "counted_views", ["issued_on"])
    op.create_table(
        "footprints",
        *row_columns(),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_footprints_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_footprints")),
    )
    op.create_index("uq_footprints_person_entry", "footprints", ["person_id", "entry_id"], unique=True)
    op.create_index("ix_footprints_person_id_id", "footprints", ["person_id", "id"])
    op.create_table(
        "cleared_footprints",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("cleared_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_cleared_footprints_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_cleared_footprints")),
    )
    op.create_table(
        "counting_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("buffer", sa.String(), nullable=False),
        sa.Column("drained_at", MOMENT, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_counting_state_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counting_state")),
    )
    op.create_table(
        "counting_gaps",
        *row_columns(),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counting_gaps")),
    )


def downgrade() -> None:
    for name in (
        "counting_gaps",
        "counting_state",
        "cleared_footprints",
        "footprints",
        "counted_views",
        "daily_views",
    ):
        op.drop_table(name)
    op.drop_column("people", "autoplay")

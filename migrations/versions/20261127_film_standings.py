"""How films do: standings, cases of those that do badly, and what is held back from the home."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_film_standings"
down_revision = "20261127_head_labels"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("videos", sa.Column("held_back_at", MOMENT))
    op.create_table(
        "film_standings",
        sa.Column("video_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("plays", "plays5", "finishes")),
        sa.Column("finish_pct", sa.Integer(), nullable=False),
        sa.Column("play5_pct", sa.Integer(), nullable=False),
        sa.Column("fit_pct", sa.Integer()),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(32), nullable=False),
        sa.Column("computed_at", MOMENT, nullable=False),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name=op.f("ck_film_standings_score")),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name=op.f("fk_film_standings_video_id")),
        sa.PrimaryKeyConstraint("video_id", name=op.f("pk_film_standings")),
    )
    op.create_index(
        "ix_film_standings_red",
        "film_standings",
        ["score", "video_id"],
        postgresql_where=sa.text("mark = 'red'"),
    )
    op.create_table(
        "film_cases",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("video_id", sa.Uuid(), nullable=False),
        sa.Column("creator_id", sa.Uuid(), nullable=False),
        sa.Column("merchant_id", sa.Uuid()),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("numbers", sa.dialects.postgresql.JSONB(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("appeal", sa.Text(), nullable=False),
        sa.Column("appealed_by", sa.Uuid()),
        sa.Column("ruling", sa.Text(), nullable=False),
        sa.Column("ruled_by", sa.Uuid()),
        sa.Column("ended_at", MOMENT),
        sa.CheckConstraint(
            "state <> 'held' OR ruled_by IS NOT NULL", name=op.f("ck_film_cases_only_a_person_holds_back")
        ),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name=op.f("fk_film_cases_video_id")),
        sa.ForeignKeyConstraint(["creator_id"], ["parties.id"], name=op.f("fk_film_cases_creator_id")),
        sa.ForeignKeyConstraint(["merchant_id"], ["parties.id"], name=op.f("fk_film_cases_merchant_id")),
        sa.ForeignKeyConstraint(["appealed_by"], ["parties.id"], name=op.f("fk_film_cases_appealed_by")),
        sa.ForeignKeyConstraint(["ruled_by"], ["people.id"], name=op.f("fk_film_cases_ruled_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_film_cases")),
    )
    op.create_index(op.f("ix_film_cases_video_id"), "film_cases", ["video_id"])
    op.create_index("ix_film_cases_state_id", "film_cases", ["state", "id"])
    op.create_index(
        "uq_film_cases_open",
        "film_cases",
        ["video_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("film_cases")
    op.drop_table("film_standings")
    op.drop_column("videos", "held_back_at")

"""Lists are kept with the points of each term, and trees that order by them stand beside the sum."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "20261128_rankings"
down_revision = "20261128_live_hour"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "match_showings", sa.Column("points", ARRAY(sa.Float()), nullable=False, server_default="{}")
    )
    # The default stays: machines of the version before keep lists without it until they are replaced.
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "ranking_models",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), primary_key=True),
        sa.Column("created_at", moment, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("fitted", sa.Boolean(), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("forest", JSONB(), nullable=False),
        sa.Column("report", JSONB(), nullable=False),
        sa.Column("promoted_by", sa.Uuid(), sa.ForeignKey("people.id")),
        sa.Column("promoted_at", moment),
        sa.Column("reason", sa.Text(), nullable=False),
    )
    op.create_index(
        "uq_ranking_models_active",
        "ranking_models",
        ["active"],
        unique=True,
        postgresql_where=sa.text("active"),
    )


def downgrade() -> None:
    op.drop_table("ranking_models")
    op.drop_column("match_showings", "points")

"""The rush keeps what it chose from, so that it can choose again without who declined."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_rush_again"
down_revision = "20261128_less_to_check"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "rush_runs", sa.Column("again", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.alter_column("rush_runs", "again", server_default=None)
    op.create_table(
        "rush_candidates",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column(
            "made_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False
        ),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["rush_runs.id"], name=op.f("fk_rush_candidates_run_id")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_rush_candidates")),
    )


def downgrade() -> None:
    op.drop_table("rush_candidates")
    op.drop_column("rush_runs", "again")

"""Drafts of films made of others."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261127_edit_drafts"
down_revision = "20261127_held_tasks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "edit_drafts",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", moment, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid()),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("edit_list", postgresql.JSONB(), nullable=False),
        sa.Column("film_id", sa.Uuid()),
        sa.Column("film_digest", sa.String()),
        sa.Column("updated_at", moment, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["parties.id"], name=op.f("fk_edit_drafts_owner_id")),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name=op.f("fk_edit_drafts_author_id")),
        sa.ForeignKeyConstraint(["film_id"], ["assets.id"], name=op.f("fk_edit_drafts_film_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edit_drafts")),
    )
    op.create_index("ix_edit_drafts_owner_id_id", "edit_drafts", ["owner_id", "id"])
    op.create_index("ix_edit_drafts_author_id", "edit_drafts", ["author_id"])
    op.create_index("ix_edit_drafts_film_id", "edit_drafts", ["film_id"])


def downgrade() -> None:
    op.drop_table("edit_drafts")

"""Filming by templates of shots."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261127_shoots"
down_revision = "20261127_dispute_files"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)

    def row() -> list[sa.Column]:  # type: ignore[type-arg]
        return [
            sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
            sa.Column("created_at", moment, server_default=sa.text("clock_timestamp()"), nullable=False),
        ]

    op.create_table(
        "shot_templates",
        *row(),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("plan", postgresql.JSONB(), nullable=False),
        sa.Column("author_id", sa.Uuid()),
        sa.Column("updated_at", moment, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name=op.f("fk_shot_templates_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shot_templates")),
        sa.UniqueConstraint("key", name=op.f("uq_shot_templates_key")),
    )
    op.create_index("ix_shot_templates_author_id", "shot_templates", ["author_id"])
    op.create_table(
        "shoots",
        *row(),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid()),
        sa.Column("plan", postgresql.JSONB(), nullable=False),
        sa.Column("back", sa.String(), nullable=False),
        sa.Column("asked_at", moment),
        sa.Column("draft_id", sa.Uuid()),
        sa.ForeignKeyConstraint(["owner_id"], ["parties.id"], name=op.f("fk_shoots_owner_id")),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name=op.f("fk_shoots_author_id")),
        sa.ForeignKeyConstraint(["draft_id"], ["edit_drafts.id"], name=op.f("fk_shoots_draft_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shoots")),
    )
    op.create_index("ix_shoots_owner_id_id", "shoots", ["owner_id", "id"])
    op.create_index("ix_shoots_author_id", "shoots", ["author_id"])
    op.create_index("ix_shoots_draft_id", "shoots", ["draft_id"])
    op.create_table(
        "takes",
        *row(),
        sa.Column("shoot_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["shoot_id"], ["shoots.id"], name=op.f("fk_takes_shoot_id")),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_takes_asset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_takes")),
        sa.UniqueConstraint("shoot_id", "number", name=op.f("uq_takes_shoot_id_number")),
    )
    op.create_index("ix_takes_asset_id", "takes", ["asset_id"])


def downgrade() -> None:
    op.drop_table("takes")
    op.drop_table("shoots")
    op.drop_table("shot_templates")

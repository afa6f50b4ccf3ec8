"""A store's collections of films."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_collections"
down_revision = "20261127_media_turns"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def row_columns() -> list[sa.Column]:
    return [
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("clock_timestamp()"), nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "collections",
        *row_columns(),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("cover_id", sa.Uuid()),
        sa.Column("removed_at", MOMENT),
        sa.ForeignKeyConstraint(["merchant_id"], ["parties.id"], name=op.f("fk_collections_merchant_id")),
        sa.ForeignKeyConstraint(["cover_id"], ["videos.id"], name=op.f("fk_collections_cover_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collections")),
    )
    op.create_index("ix_collections_merchant_id_id", "collections", ["merchant_id", "id"])
    op.create_index(
        "uq_collections_automatic",
        "collections",
        ["merchant_id", "kind"],
        unique=True,
        postgresql_where=sa.text("kind <> 'own'"),
    )
    op.create_table(
        "collection_films",
        *row_columns(),
        sa.Column("collection_id", sa.Uuid(), nullable=False),
        sa.Column("video_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("left_out", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"], ["collections.id"], name=op.f("fk_collection_films_collection_id")
        ),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name=op.f("fk_collection_films_video_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection_films")),
        sa.UniqueConstraint(
            "collection_id", "video_id", name=op.f("uq_collection_films_collection_id_video_id")
        ),
    )
    op.create_index(op.f("ix_collection_films_video_id"), "collection_films", ["video_id"])


def downgrade() -> None:
    op.drop_table("collection_films")
    op.drop_table("collections")

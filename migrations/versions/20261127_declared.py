"""Where creators' profiles lie in the text model's space, their own tags, and what an importer knows they published."""

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy.dialects import postgresql

revision = "20261127_declared"
down_revision = "20261127_unwanted_checkouts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "match_profiles",
        sa.Column("creator_id", sa.Uuid(), nullable=False),
        sa.Column("slot", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("place", HALFVEC(128), nullable=False),
        sa.Column("codes", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("price_article_fen", sa.BigInteger(), nullable=True),
        sa.Column("price_video_fen", sa.BigInteger(), nullable=True),
        sa.Column("price_live_fen", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["creator_id"], ["parties.id"], name=op.f("fk_match_profiles_creator_id")),
        sa.PrimaryKeyConstraint("creator_id", "slot", name=op.f("pk_match_profiles")),
    )
    for slot in (0, 1):
        op.create_index(
            f"ix_match_profiles_codes_{slot}",
            "match_profiles",
            ["codes"],
            postgresql_using="gin",
            postgresql_where=sa.text(f"slot = {slot}"),
        )
        op.create_index(
            f"ix_match_profiles_place_{slot}",
            "match_profiles",
            ["place"],
            postgresql_using="hnsw",
            postgresql_ops={"place": "halfvec_cosine_ops"},
            postgresql_with={"m": 16, "ef_construction": 128},
            postgresql_where=sa.text(f"slot = {slot}"),
        )
    op.create_table(
        "match_pieces",
        sa.Column("creator_id", sa.Uuid(), nullable=False),
        sa.Column("slot", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("n", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("place", HALFVEC(128), nullable=False),
        sa.ForeignKeyConstraint(["creator_id"], ["parties.id"], name=op.f("fk_match_pieces_creator_id")),
        sa.PrimaryKeyConstraint("creator_id", "slot", "n", name=op.f("pk_match_pieces")),
    )
    op.add_column(
        "match_text_models",
        sa.Column("slot", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column(
        "match_accounts",
        sa.Column("texts", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column(
        "profiles",
        sa.Column("tags", postgresql.ARRAY(sa.String()), server_default=sa.text("'{}'"), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("profiles", "tags")
    op.drop_column("match_accounts", "texts")
    op.drop_column("match_text_models", "slot")
    op.drop_table("match_pieces")
    op.drop_table("match_profiles")

"""The creators' index and saved searches."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

revision = "20261127_finding"
down_revision = "20261127_venue_offers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "finding_generations",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), primary_key=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("creators", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", moment, nullable=False),
    )
    op.create_index(
        "uq_finding_generations_active",
        "finding_generations",
        ["active"],
        unique=True,
        postgresql_where=sa.text("active"),
    )
    op.create_table(
        "finding_creators",
        sa.Column(
            "generation",
            sa.Integer(),
            sa.ForeignKey("finding_generations.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("party_id", sa.Uuid(), sa.ForeignKey("parties.id"), primary_key=True),
        sa.Column("since", moment, nullable=False),
        sa.Column("lot", sa.Integer(), nullable=False),
        sa.Column("words", TSVECTOR(), nullable=False),
        sa.Column("facets", ARRAY(sa.String()), nullable=False),
        sa.Column("fans", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("price_fen", sa.BigInteger()),
        sa.Column("price_article_fen", sa.BigInteger()),
        sa.Column("price_video_fen", sa.BigInteger()),
        sa.Column("price_live_fen", sa.BigInteger()),
        sa.Column("room", sa.Integer(), nullable=False),
    )
    op.create_index(
        "ix_finding_creators_found_by", "finding_creators", ["words", "facets"], postgresql_using="gin"
    )
    for name in ("fans", "level", "price"):
        column = "price_fen" if name == "price" else name
        op.create_index(f"ix_finding_creators_{name}", "finding_creators", ["generation", column, "party_id"])
    op.create_index("ix_finding_creators_lot", "finding_creators", ["generation", "lot"])
    op.create_index("ix_finding_creators_since", "finding_creators", ["generation", "since"])
    op.create_index("ix_finding_creators_party_id", "finding_creators", ["party_id"])
    op.drop_index("ix_profiles_search", "profiles")
    op.drop_column("profiles", "search")
    # Where there are creators already, an index that is not finished: the schedule builds the first one.
    op.execute(
        "INSERT INTO finding_generations (active, creators, begun_at)"
        " SELECT false, 0, clock_timestamp() WHERE EXISTS (SELECT 1 FROM profiles)"
    )
    op.create_table(
        "saved_searches",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), primary_key=True),
        sa.Column("created_at", moment, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("party_id", sa.Uuid(), sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("asked", JSONB(), nullable=False),
        sa.Column("alerts", sa.Boolean(), nullable=False),
        sa.Column("looked_at", moment, nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.UniqueConstraint("party_id", "name", name=op.f("uq_saved_searches_party_id_name")),
    )
    op.create_index("ix_saved_searches_due_at", "saved_searches", ["due_at"])


def downgrade() -> None:
    op.add_column("profiles", sa.Column("search", TSVECTOR(), server_default=sa.text("''"), nullable=False))
    op.create_index("ix_profiles_search", "profiles", ["search"], postgresql_using="gin")
    op.drop_table("saved_searches")
    op.drop_table("finding_creators")
    op.drop_table("finding_generations")

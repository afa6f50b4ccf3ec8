"""Prices of videos by length. Who had one price for videos has it for every length now: that is what it said, and whoever
could be found for a brief yesterday still is; a length that is not offered is theirs to empty."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_length_prices"
down_revision = "20261128_rush_again"
branch_labels = None
depends_on = None

TABLES = ("profiles", "match_profiles", "finding_creators")
LENGTHS = ("short", "medium", "long")
SPREAD = {
    "profiles": "",
    # As declared.codes_of and facets.of write them, sorted alike, so that the next renewal finds nothing to change.
    "match_profiles": """, codes = ARRAY(SELECT code FROM (
        SELECT unnest(codes) UNION SELECT replace(code, 'video:', 'video.' || length || ':')
        FROM unnest(codes) code, unnest(ARRAY['short', 'medium', 'long']) length WHERE code LIKE 'video:%'
    ) every (code) ORDER BY code COLLATE "C")""",
    "finding_creators": """, facets = ARRAY(SELECT code FROM (
        SELECT unnest(facets)
        UNION SELECT replace(code, 'price.video:', 'price.video.' || length || ':')
        FROM unnest(facets) code, unnest(ARRAY['short', 'medium', 'long']) length WHERE code LIKE 'price.video:%'
        UNION SELECT 'length:' || length FROM unnest(ARRAY['short', 'medium', 'long']) length
    ) every (code) ORDER BY code COLLATE "C")""",
}
GATHERED = {
    "profiles": "",
    "match_profiles": ", codes = ARRAY(SELECT c FROM unnest(codes) c WHERE c NOT LIKE 'video.%')",
    "finding_creators": """, facets = ARRAY(
        SELECT c FROM unnest(facets) c WHERE c NOT LIKE 'price.video.%' AND c NOT LIKE 'length:%')""",
}


def upgrade() -> None:
    op.drop_constraint(op.f("ck_profiles_prices"), "profiles")
    for table in TABLES:
        for length in LENGTHS:
            op.add_column(table, sa.Column(f"price_video_{length}_fen", sa.BigInteger(), nullable=True))
        op.execute(
            f"UPDATE {table} SET price_video_short_fen = price_video_fen, price_video_medium_fen = price_video_fen,"
            f" price_video_long_fen = price_video_fen{SPREAD[table]} WHERE price_video_fen IS NOT NULL"
        )
        op.drop_column(table, "price_video_fen")
    op.create_check_constraint(
        op.f("ck_profiles_prices"),
        "profiles",
        "LEAST(price_article_fen, price_video_short_fen, price_video_medium_fen, price_video_long_fen,"
        " price_live_fen) > 0",
    )


def downgrade() -> None:
    """One price for all lengths again: the middle one's, where it is offered."""
    op.drop_constraint(op.f("ck_profiles_prices"), "profiles")
    for table in TABLES:
        op.add_column(table, sa.Column("price_video_fen", sa.BigInteger(), nullable=True))
        op.execute(
            f"UPDATE {table} SET price_video_fen = COALESCE(price_video_medium_fen, price_video_short_fen,"
            f" price_video_long_fen){GATHERED[table]}"
        )
        for length in LENGTHS:
            op.drop_column(table, f"price_video_{length}_fen")
    op.create_check_constraint(
        op.f("ck_profiles_prices"),
        "profiles",
        "LEAST(price_article_fen, price_video_fen, price_live_fen) > 0",
    )

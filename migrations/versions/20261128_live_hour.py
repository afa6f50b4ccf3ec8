"""Live is priced by the hour, and a live brief says how long.

What was asked for a show was asked for what briefs call a show: the templates' last 90 to 150 minutes, four of eight 90,
three 120. So it becomes the price of two hours, and half of it that of one: kept as it was it would double what a merchant
is told such a show costs, and emptied, whoever plays live would be found by nobody. It is a listed price, no bid and no
order is touched, and each creator is told of it. A brief that says its minutes in the template's words wants them.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_live_hour"
down_revision = "20261128_hourly_plays"
branch_labels = None
depends_on = None

OLD, NEW = "price_live_fen", "price_live_hour_fen"
OTHERS = "price_article_fen, price_video_short_fen, price_video_medium_fen, price_video_long_fen"


def upgrade() -> None:
    op.add_column("tasks", sa.Column("live_minutes", sa.Integer(), nullable=True))
    op.execute(
        r"""UPDATE tasks SET live_minutes = said.minutes FROM (
            SELECT id, substring(deliverables::text FROM '1 场不少于 (\d{2,3}) 分钟的')::int AS minutes
            FROM tasks WHERE format = 'live'
        ) said WHERE tasks.id = said.id AND said.minutes BETWEEN 30 AND 720 AND said.minutes % 30 = 0"""
    )
    op.create_check_constraint(
        op.f("ck_tasks_live_minutes"),
        "tasks",
        "live_minutes IS NULL OR format = 'live' AND live_minutes BETWEEN 30 AND 720 AND live_minutes % 30 = 0",
    )
    _reprice(OLD, NEW, f"(({OLD} + 1) / 2)")
    op.execute(
        f"""INSERT INTO events (name, subject_id, audience, data, at)
            SELECT 'profile.live_by_hour', party_id, ARRAY[party_id], jsonb_build_object('amount_fen', {NEW}),
                clock_timestamp()
            FROM profiles WHERE {NEW} IS NOT NULL"""
    )


def downgrade() -> None:
    op.drop_column("tasks", "live_minutes")
    _reprice(NEW, OLD, f"({NEW} * 2)")


def _reprice(old: str, new: str, price: str) -> None:
    """Rename the price and say it anew, in the indexes together with the codes that are made of it: as declared.codes_of
    and facets.of write them, sorted alike, so that the next renewal finds nothing to change."""
    lowest = f"LEAST({OTHERS}, {price})"
    band = f"(SELECT count(*) FROM unnest(ARRAY[20000,50000,100000,200000,500000,1000000,2000000,5000000]) s WHERE {price} > s)"
    changed = {
        "profiles": "",
        "match_profiles": f""", codes = ARRAY(SELECT code FROM (
            SELECT c FROM unnest(codes) c WHERE c !~ '^live:[0-9]' UNION SELECT 'live:' || {band}
        ) every (code) ORDER BY code COLLATE "C")""",
        "finding_creators": f""", price_fen = {lowest}, facets = ARRAY(SELECT code FROM (
            SELECT c FROM unnest(facets) c WHERE c NOT LIKE 'price.live:%' AND c NOT LIKE 'price:%'
            UNION SELECT 'price.live:' || {_span(price)} UNION SELECT 'price:' || {_span(lowest)}
        ) every (code) ORDER BY code COLLATE "C")""",
    }
    for table, also in changed.items():
        op.execute(f"UPDATE {table} SET {old} = {price}{also} WHERE {old} IS NOT NULL")
        op.alter_column(table, old, new_column_name=new)


def _span(fen: str) -> str:
    return (
        f"CASE WHEN {fen} < 50000 THEN '0-50000' WHEN {fen} < 100000 THEN '50000-100000'"
        f" WHEN {fen} < 300000 THEN '100000-300000' WHEN {fen} < 1000000 THEN '300000-1000000'"
        f" WHEN {fen} < 3000000 THEN '1000000-3000000' ELSE '3000000-' END"
    )

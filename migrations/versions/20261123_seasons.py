"""The seasons of 2026."""

import json

import sqlalchemy as sa
from alembic import op

from market.campaigns.calendar import SEASONS

revision = "20261123_seasons"
down_revision = "20261123_ledger"
branch_labels = None
depends_on = None


def upgrade() -> None:
    row = sa.text(
        "INSERT INTO campaign_seasons (code, name_zh, name_en, plan)"
        " VALUES (:code, :name_zh, :name_en, CAST(:plan AS jsonb)) ON CONFLICT (code) DO NOTHING"
    )
    for season in SEASONS:
        names = {"code": season.code, "name_zh": season.name_zh, "name_en": season.name_en}
        op.get_bind().execute(row, {**names, "plan": json.dumps(season.plan())})


def downgrade() -> None:
    op.execute("DELETE FROM campaign_seasons WHERE code IN ('double11-2026', 'double12-2026')")

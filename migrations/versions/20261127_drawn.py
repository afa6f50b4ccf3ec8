"""Creators in an order that means nothing, to draw from without reading all."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_drawn"
down_revision = "20261127_told_decisions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_profiles_drawn", "profiles", [sa.text("uuid_hash_extended(party_id, 0)")])


def downgrade() -> None:
    op.drop_index("ix_profiles_drawn", table_name="profiles")

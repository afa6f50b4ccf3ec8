"""An order has an hour for publishing; the state `funded`, which never lasted, is gone."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_publication_time"
down_revision = "20261127_freezes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("publish_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE orders SET state = 'scripting' WHERE state = 'funded'")


def downgrade() -> None:
    op.drop_column("orders", "publish_at")

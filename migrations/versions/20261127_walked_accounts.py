"""When the events of a payee's account were last walked."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_walked_accounts"
down_revision = "20261127_shoots"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("connect_accounts", sa.Column("walked_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("connect_accounts", "walked_at")

"""The square's lots stand in the index of words and facets."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_lots"
down_revision = "20261127_film_kinds"
branch_labels = None
depends_on = None

NAME, TABLE = "ix_finding_creators_found_by", "finding_creators"


def upgrade() -> None:
    op.drop_index(NAME, TABLE)
    op.create_index(NAME, TABLE, ["words", "facets", sa.text("(ARRAY[lot])")], postgresql_using="gin")
    op.drop_index("ix_finding_creators_lot", TABLE)


def downgrade() -> None:
    op.create_index("ix_finding_creators_lot", TABLE, ["generation", "lot"])
    op.drop_index(NAME, TABLE)
    op.create_index(NAME, TABLE, ["words", "facets"], postgresql_using="gin")

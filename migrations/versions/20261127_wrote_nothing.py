"""What a write that had to write something raises when it did not (market/kit/wire.py)."""

from alembic import op

revision = "20261127_wrote_nothing"
down_revision = "20261127_seen"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE FUNCTION wrote_nothing(n integer) RETURNS integer LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'a write wrote nothing' USING ERRCODE = 'VT010', DETAIL = n::text;
        END $$""")


def downgrade() -> None:
    op.execute("DROP FUNCTION wrote_nothing(integer)")

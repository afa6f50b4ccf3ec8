"""One timer ends the cooling of a release for all its payees; it stands on what was released, not on each earning."""

from pathlib import Path

from alembic import op

import market.delivery

revision = "20261128_fewer_timers"
down_revision = "20261127_accept_key"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(Path(market.delivery.__file__).with_name("schema.sql").read_text("utf-8"))
    # Several of one release do no harm: whichever is first matures it for all.
    op.execute("""
        UPDATE work_items w SET subject_id = e.source_id, data = jsonb_build_object('part', e.part)
        FROM earnings e WHERE w.handler = 'payments.mature' AND w.state <> 'done' AND w.subject_id = e.id""")


def downgrade() -> None:
    op.execute("""
        INSERT INTO work_items (handler, subject_id, data, key, due_at, state, attempts)
        SELECT 'payments.mature', e.id, '{}', 'payments.mature:' || e.id || ':back', e.matures_at, 'waiting', 0
        FROM earnings e WHERE e.matured_at IS NULL AND e.frozen_at IS NULL""")
    op.execute(
        "DELETE FROM work_items WHERE handler = 'payments.mature' AND state <> 'done' AND data ? 'part'"
    )

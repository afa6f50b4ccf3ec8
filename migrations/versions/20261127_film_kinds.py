"""Which of the three kinds a film is; for a viewer's film, what its author and the merchant said about the product page."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_film_kinds"
down_revision = "20261127_bid_answers"
branch_labels = None
depends_on = None

KINDS = """UPDATE videos SET kind = CASE
    WHEN order_id IS NOT NULL THEN 'content'
    WHEN merchant_id = creator_id THEN 'product'
    WHEN merchant_id IS NOT NULL THEN 'content'
    ELSE 'ugc' END"""
"""Until now only orders brought films to the shelf: with a merchant beside its maker a film is paid work."""


def upgrade() -> None:
    op.add_column("videos", sa.Column("kind", sa.String(32)))
    op.execute(KINDS)
    op.alter_column("videos", "kind", nullable=False)
    op.add_column(
        "videos", sa.Column("author_agrees", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.alter_column("videos", "author_agrees", server_default=None)
    op.add_column("videos", sa.Column("picked_at", sa.DateTime(timezone=True)))
    op.create_check_constraint(
        op.f("ck_videos_product_is_own"), "videos", "kind <> 'product' OR merchant_id = creator_id"
    )
    op.create_check_constraint(
        op.f("ck_videos_orders_make_content"), "videos", "kind = 'content' OR order_id IS NULL"
    )
    op.create_check_constraint(
        op.f("ck_videos_picked_with_consent"), "videos", "picked_at IS NULL OR author_agrees"
    )


def downgrade() -> None:
    op.drop_constraint("ck_videos_picked_with_consent", "videos")
    op.drop_constraint("ck_videos_orders_make_content", "videos")
    op.drop_constraint("ck_videos_product_is_own", "videos")
    op.drop_column("videos", "picked_at")
    op.drop_column("videos", "author_agrees")
    op.drop_column("videos", "kind")

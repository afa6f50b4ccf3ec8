"""Change orders: proposals, version by version, and the addenda that amend what was signed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261127_changes"
down_revision = "20261127_stage_refunds"
branch_labels = None
depends_on = None


def _row() -> list[sa.Column]:  # type: ignore[type-arg]
    return [
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
    ]


def upgrade() -> None:
    op.create_table(
        "order_changes",
        *_row(),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("milestone_id", sa.Uuid(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("added_fen", sa.BigInteger(), nullable=False),
        sa.Column("added_days", sa.Integer(), nullable=False),
        sa.Column("from_wallet", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("agreed_by", sa.Uuid()),
        sa.Column("agreed_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("added_fen >= 0", name=op.f("ck_order_changes_added")),
        sa.CheckConstraint("added_days >= 0", name=op.f("ck_order_changes_days")),
        sa.CheckConstraint(
            "state NOT IN ('agreed', 'in_force') OR agreed_by IS NOT NULL",
            name=op.f("ck_order_changes_agreed"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_changes_order_id")),
        sa.ForeignKeyConstraint(
            ["milestone_id"], ["milestones.id"], name=op.f("fk_order_changes_milestone_id")
        ),
        sa.ForeignKeyConstraint(["proposed_by"], ["parties.id"], name=op.f("fk_order_changes_proposed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_changes")),
        sa.UniqueConstraint("order_id", "version", name=op.f("uq_order_changes_order_id_version")),
    )
    op.create_index(
        "uq_order_changes_live",
        "order_changes",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('open', 'agreed')"),
    )
    op.create_table(
        "order_addenda",
        *_row(),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("says", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("follows", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_addenda_order_id")),
        sa.ForeignKeyConstraint(["change_id"], ["order_changes.id"], name=op.f("fk_order_addenda_change_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_addenda")),
        sa.UniqueConstraint("change_id", name=op.f("uq_order_addenda_change_id")),
        sa.UniqueConstraint("order_id", "number", name=op.f("uq_order_addenda_order_id_number")),
        sa.UniqueConstraint("order_id", "follows", name=op.f("uq_order_addenda_order_id_follows")),
    )
    op.execute(
        "CREATE FUNCTION order_addendum_stands() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN RAISE EXCEPTION '% of % refused: what was agreed stands', TG_OP, TG_TABLE_NAME; END$$"
    )
    op.execute(
        "CREATE TRIGGER order_addendum_stands BEFORE UPDATE OR DELETE OR TRUNCATE ON order_addenda"
        " FOR EACH STATEMENT EXECUTE FUNCTION order_addendum_stands()"
    )


def downgrade() -> None:
    raise NotImplementedError("what both sides agreed to is not taken down; restore a backup instead")

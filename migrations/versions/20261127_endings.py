"""One ending per milestone: the decision rows, partial releases, money that goes back, money in a case."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_endings"
down_revision = "20261127_publication_time"
branch_labels = None
depends_on = None

WHOLE = """released_fen >= 0 AND returned_fen >= 0 AND reversed_fen BETWEEN 0 AND released_fen AND CASE state
 WHEN 'released' THEN released_fen = amount_fen AND returned_fen = 0
 WHEN 'refunded' THEN released_fen = 0 AND returned_fen = amount_fen
 WHEN 'split' THEN released_fen + returned_fen = amount_fen
 ELSE released_fen <= amount_fen AND returned_fen = 0 END"""
OUTCOME = """released_fen >= 0 AND returned_fen >= 0 AND CASE outcome WHEN 'release' THEN returned_fen = 0
 WHEN 'refund' THEN released_fen = 0 ELSE released_fen > 0 AND returned_fen > 0 END"""


def upgrade() -> None:
    op.add_column("milestones", sa.Column("ended_at", sa.DateTime(timezone=True)))
    op.add_column("milestones", sa.Column("held_by", sa.Uuid()))
    for name, kind in (
        ("rounds", sa.Integer()),
        ("waited_s", sa.BigInteger()),
        ("parts", sa.Integer()),
        ("released_fen", sa.BigInteger()),
        ("returned_fen", sa.BigInteger()),
        ("reversed_fen", sa.BigInteger()),
    ):
        op.add_column("milestones", sa.Column(name, kind, nullable=False, server_default="0"))
        op.alter_column("milestones", name, server_default=None)
    for name in ("shares_iff_released", "shares_sum"):
        op.drop_constraint(op.f(f"ck_milestones_{name}"), "milestones", type_="check")
    op.execute(
        "UPDATE milestones SET released_fen = amount_fen, ended_at = released_at WHERE state = 'released'"
    )
    for name, rule in (
        ("shares_iff_released", "released_fen = 0 OR creator_fen IS NOT NULL"),
        ("shares_sum", "creator_fen IS NULL OR creator_fen + agency_fen + fee_fen + tax_fen = released_fen"),
        ("held_by", "(state = 'held') = (held_by IS NOT NULL)"),
        ("ended_whole", WHOLE),
    ):
        op.create_check_constraint(op.f(f"ck_milestones_{name}"), "milestones", rule)
    op.create_table(
        "milestone_endings",
        sa.Column("milestone_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("cause", sa.String(32), nullable=False),
        sa.Column("released_fen", sa.BigInteger(), nullable=False),
        sa.Column("returned_fen", sa.BigInteger(), nullable=False),
        sa.Column("posting_id", sa.Uuid()),
        sa.Column("by_person", sa.Uuid()),
        sa.Column("by_party", sa.Uuid()),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(OUTCOME, name=op.f("ck_milestone_endings_outcome")),
        sa.ForeignKeyConstraint(
            ["milestone_id"], ["milestones.id"], name=op.f("fk_milestone_endings_milestone_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_milestone_endings_order_id")),
        sa.PrimaryKeyConstraint("milestone_id", name=op.f("pk_milestone_endings")),
    )
    op.create_index(op.f("ix_milestone_endings_order_id"), "milestone_endings", ["order_id"])
    # Under the alembic connection's own statement: what was decided before the table was.
    op.execute(
        """INSERT INTO milestone_endings (milestone_id, order_id, outcome, cause, released_fen, returned_fen,
            posting_id, by_person, by_party, decided_at)
        SELECT m.id, m.order_id, 'release', CASE WHEN m.receipt IS NULL THEN 'accepted' ELSE 'landed' END,
            m.amount_fen, 0, l.id, l.by_person, l.by_party, m.released_at
        FROM milestones m LEFT JOIN ledger_postings l ON l.idem_key = 'release:' || m.id
        WHERE m.state = 'released'"""
    )
    op.execute(
        "CREATE FUNCTION milestone_ending_stands() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN RAISE EXCEPTION '% of % refused: a milestone ends once', TG_OP, TG_TABLE_NAME; END$$"
    )
    op.execute(
        "CREATE TRIGGER milestone_ending_stands BEFORE UPDATE OR DELETE OR TRUNCATE ON milestone_endings"
        " FOR EACH STATEMENT EXECUTE FUNCTION milestone_ending_stands()"
    )

    op.add_column("earnings", sa.Column("part", sa.Integer(), nullable=False, server_default="0"))
    op.alter_column("earnings", "part", server_default=None)
    op.add_column("earnings", sa.Column("taken_fen", sa.BigInteger(), nullable=False, server_default="0"))
    op.drop_constraint(op.f("uq_earnings_source_id_party_id"), "earnings", type_="unique")
    op.create_unique_constraint(
        op.f("uq_earnings_source_id_party_id_part"), "earnings", ["source_id", "party_id", "part"]
    )
    op.create_check_constraint(op.f("ck_earnings_taken"), "earnings", "taken_fen BETWEEN 0 AND amount_fen")


def downgrade() -> None:
    raise NotImplementedError("decisions about money are not taken down; restore a backup instead")

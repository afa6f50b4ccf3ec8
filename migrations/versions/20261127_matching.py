"""What matching remembers, and free words on briefs."""

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import Vector
from sqlalchemy.dialects import postgresql

revision = "20261127_matching"
down_revision = "20261127_refunds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Only a superuser may create it; where it stands (./vtask sees to it), this asks for nothing.
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    op.create_table(
        "match_generations",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column("works", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_generations")),
    )
    op.create_index(
        "uq_match_generations_active",
        "match_generations",
        ["active"],
        unique=True,
        postgresql_where=sa.text("active"),
    )
    op.create_table(
        "match_text_models",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum("building", "active", "retired", name="modelstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_text_models")),
    )
    op.create_table(
        "match_accounts",
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "merchant",
                "creator",
                "agency",
                "viewer",
                "operator",
                name="role",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_match_accounts_party_id")),
        sa.PrimaryKeyConstraint("ref", "role", name=op.f("pk_match_accounts")),
    )
    with op.batch_alter_table("match_accounts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_match_accounts_party_id"), ["party_id"], unique=False)

    op.create_table(
        "match_creator_masses",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("creator_id", sa.Uuid(), nullable=False),
        sa.Column("lately", sa.Double(), nullable=False),
        sa.Column("yearly", sa.Double(), nullable=False),
        sa.Column("works", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["creator_id"], ["parties.id"], name=op.f("fk_match_creator_masses_creator_id")
        ),
        sa.ForeignKeyConstraint(
            ["generation"],
            ["match_generations.id"],
            name=op.f("fk_match_creator_masses_generation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("generation", "creator_id", name=op.f("pk_match_creator_masses")),
    )
    with op.batch_alter_table("match_creator_masses", schema=None) as batch_op:
        batch_op.create_index("ix_match_creator_masses_best", ["generation", "yearly"], unique=False)

    op.create_table(
        "match_pair_masses",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("creator_id", sa.Uuid(), nullable=False),
        sa.Column("mass", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["creator_id"], ["parties.id"], name=op.f("fk_match_pair_masses_creator_id")),
        sa.ForeignKeyConstraint(
            ["generation"],
            ["match_generations.id"],
            name=op.f("fk_match_pair_masses_generation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["parties.id"], name=op.f("fk_match_pair_masses_merchant_id")
        ),
        sa.PrimaryKeyConstraint("generation", "merchant_id", "creator_id", name=op.f("pk_match_pair_masses")),
    )
    with op.batch_alter_table("match_pair_masses", schema=None) as batch_op:
        batch_op.create_index("ix_match_pair_masses_creator_id", ["creator_id"], unique=False)

    op.create_table(
        "match_tag_masses",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("creator_id", sa.Uuid(), nullable=False),
        sa.Column("mass", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["creator_id"], ["parties.id"], name=op.f("fk_match_tag_masses_creator_id")),
        sa.ForeignKeyConstraint(
            ["generation"],
            ["match_generations.id"],
            name=op.f("fk_match_tag_masses_generation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("generation", "tag", "creator_id", name=op.f("pk_match_tag_masses")),
    )
    with op.batch_alter_table("match_tag_masses", schema=None) as batch_op:
        batch_op.create_index("ix_match_tag_masses_best", ["generation", "tag", "mass"], unique=False)
        batch_op.create_index("ix_match_tag_masses_creator_id", ["creator_id"], unique=False)

    op.create_table(
        "match_tags",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("works", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["generation"],
            ["match_generations.id"],
            name=op.f("fk_match_tags_generation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("generation", "tag", name=op.f("pk_match_tags")),
    )
    op.create_table(
        "match_works",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("serial", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["parties.id"], name=op.f("fk_match_works_merchant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_works")),
        sa.UniqueConstraint("serial", name=op.f("uq_match_works_serial")),
        sa.UniqueConstraint("source", name=op.f("uq_match_works_source")),
    )
    op.create_index("ix_match_works_at", "match_works", ["at"])
    op.create_table(
        "match_briefs",
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("place", Vector(128), nullable=False),
        sa.Column("floor", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["match_text_models.id"], name=op.f("fk_match_briefs_model_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_match_briefs_task_id")),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_match_briefs")),
        sa.UniqueConstraint("task_id", "model_id", name=op.f("uq_match_briefs_task_id_model_id")),
    )
    with op.batch_alter_table("match_briefs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_match_briefs_model_id"), ["model_id"], unique=False)

    op.create_table(
        "match_vectors",
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("work_id", sa.Uuid(), nullable=False),
        sa.Column("place", Vector(128), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["match_text_models.id"], name=op.f("fk_match_vectors_model_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["work_id"], ["match_works.id"], name=op.f("fk_match_vectors_work_id")),
        sa.PrimaryKeyConstraint("model_id", "work_id", name=op.f("pk_match_vectors")),
    )
    with op.batch_alter_table("match_vectors", schema=None) as batch_op:
        batch_op.create_index("ix_match_vectors_work_id", ["work_id"], unique=False)
        batch_op.create_index(
            "ix_match_vectors_place",
            ["place"],
            unique=False,
            postgresql_using="hnsw",
            postgresql_ops={"place": "vector_cosine_ops"},
        )

    op.create_table(
        "match_workers",
        sa.Column("work_id", sa.Uuid(), nullable=False),
        sa.Column("creator_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["creator_id"], ["parties.id"], name=op.f("fk_match_workers_creator_id")),
        sa.ForeignKeyConstraint(["work_id"], ["match_works.id"], name=op.f("fk_match_workers_work_id")),
        sa.PrimaryKeyConstraint("work_id", "creator_id", name=op.f("pk_match_workers")),
    )
    with op.batch_alter_table("match_workers", schema=None) as batch_op:
        batch_op.create_index("ix_match_workers_creator_id", ["creator_id", "work_id"], unique=False)

    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("tags", postgresql.ARRAY(sa.String()), server_default=sa.text("'{}'"), nullable=False)
        )


def downgrade() -> None:
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.drop_column("tags")

    with op.batch_alter_table("match_workers", schema=None) as batch_op:
        batch_op.drop_index("ix_match_workers_creator_id")

    op.drop_table("match_workers")
    with op.batch_alter_table("match_vectors", schema=None) as batch_op:
        batch_op.drop_index("ix_match_vectors_work_id")

    op.drop_table("match_vectors")
    with op.batch_alter_table("match_briefs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_match_briefs_model_id"))

    op.drop_table("match_briefs")
    op.drop_table("match_works")
    op.drop_table("match_tags")
    with op.batch_alter_table("match_tag_masses", schema=None) as batch_op:
        batch_op.drop_index("ix_match_tag_masses_creator_id")
        batch_op.drop_index("ix_match_tag_masses_best")

    op.drop_table("match_tag_masses")
    with op.batch_alter_table("match_pair_masses", schema=None) as batch_op:
        batch_op.drop_index("ix_match_pair_masses_creator_id")

    op.drop_table("match_pair_masses")
    with op.batch_alter_table("match_creator_masses", schema=None) as batch_op:
        batch_op.drop_index("ix_match_creator_masses_best")

    op.drop_table("match_creator_masses")
    with op.batch_alter_table("match_accounts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_match_accounts_party_id"))

    op.drop_table("match_accounts")
    op.drop_table("match_text_models")
    op.drop_table("match_generations")

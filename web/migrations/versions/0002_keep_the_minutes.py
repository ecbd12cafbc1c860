"""Keep the minutes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
    op.create_table(
        "minute",
        sa.Column("box_id", sa.String(length=32), nullable=False),
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clock", sa.String(length=20), nullable=False),
        sa.Column("length_s", sa.Double(), nullable=False),
        sa.Column("listened_s", sa.Double(), nullable=False),
        sa.Column("muted_s", sa.Double(), nullable=False),
        sa.Column("deaf_s", sa.Double(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("level_dbfs", sa.Double(), nullable=True),
        sa.Column("loud_dbfs", sa.Double(), nullable=True),
        sa.Column("peak_dbfs", sa.Double(), nullable=True),
        sa.Column("noise_dbfs", sa.Double(), nullable=True),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("sensitivity", sa.String(length=20), nullable=False),
        sa.Column("near_calls", sa.Integer(), nullable=False),
        sa.Column("lone_calls", sa.Integer(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["box_id"], ["box.id"], name=op.f("fk_minute_box_id_box")),
        sa.PrimaryKeyConstraint("box_id", "run", "number", name=op.f("pk_minute")),
    )
    with op.batch_alter_table("minute", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_minute_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_minute_box_id_at"), ["box_id", "at"], unique=False)

"""Keep the whole care: milks, photos, reminders, notes, trials, approvals, commands."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
    op.create_table(
        "formula",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("species", sa.String(length=10), nullable=True),
        sa.Column("kcal_ml", sa.Double(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_formula")),
        sa.UniqueConstraint("name", name=op.f("uq_formula_name")),
    )
    op.create_table(
        "once",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("what", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_once")),
    )
    with op.batch_alter_table("once", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_once_at"), ["at"], unique=False)

    op.create_table(
        "note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("animal_id", sa.Integer(), nullable=True),
        sa.Column("box_id", sa.String(length=32), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["animal_id"], ["animal.id"], name=op.f("fk_note_animal_id_animal")
        ),
        sa.ForeignKeyConstraint(["box_id"], ["box.id"], name=op.f("fk_note_box_id_box")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
    )
    with op.batch_alter_table("note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_note_animal_id_at"), ["animal_id", "at"], unique=False)

    op.create_table(
        "photo",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("animal_id", sa.Integer(), nullable=False),
        sa.Column("content_type", sa.String(length=20), nullable=False),
        sa.Column("image", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["animal_id"], ["animal.id"], name=op.f("fk_photo_animal_id_animal")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photo")),
    )
    with op.batch_alter_table("photo", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_photo_animal_id"), ["animal_id"], unique=False)

    op.create_table(
        "reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("animal_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("every_days", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.String(length=60), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["animal_id"], ["animal.id"], name=op.f("fk_reminder_animal_id_animal")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
    )
    with op.batch_alter_table("reminder", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reminder_animal_id"), ["animal_id"], unique=False)

    op.create_table(
        "proof",
        sa.Column("companionship_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["companionship_id"],
            ["companionship.id"],
            name=op.f("fk_proof_companionship_id_companionship"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("companionship_id", name=op.f("pk_proof")),
    )

    # Columns are added in place: a table made again would first be dropped under its references.
    in_place: tuple[sa.Column[Any], ...] = (
        sa.Column("born_signs", sa.String(length=120), nullable=True),
        sa.Column("runt", sa.Boolean(), nullable=True),
        sa.Column("mother_name", sa.String(length=60), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("plan_volume_ml", sa.Double(), nullable=True),
    )
    for column in in_place:
        op.add_column("animal", column)
    op.add_column("animal", _reference("formula_id", "formula", "animal"), inline_references=True)

    op.create_index(op.f("ix_audit_subject"), "audit", ["subject"], unique=False)

    op.add_column(
        "carer", sa.Column("coordinator", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    # Until now every carer could approve company across species; nobody loses that.
    op.execute("UPDATE carer SET coordinator = true")

    trials: tuple[sa.Column[Any], ...] = (
        sa.Column("kind", sa.String(length=10), server_default="company", nullable=False),
        sa.Column("watch_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.String(length=200), nullable=True),
    )
    for column in trials:
        op.add_column("companionship", column)

    op.add_column("feed", sa.Column("route", sa.String(length=10), nullable=True))
    op.add_column("feed", _reference("formula_id", "formula", "feed"), inline_references=True)
    op.add_column(
        "feed", sa.Column("note", sa.String(length=200), server_default="", nullable=False)
    )

    op.add_column("weight", sa.Column("moment", sa.String(length=10), nullable=True))
    op.add_column("weight", _reference("feed_id", "feed", "weight"), inline_references=True)
    op.create_index(op.f("ix_weight_feed_id"), "weight", ["feed_id"], unique=False)

    op.add_column(
        "token",
        sa.Column("scope", sa.String(length=20), server_default="read", nullable=False),
    )
    # Lists by time stay quick over a million cries and years of care, whatever they are asked for.
    for table in ("feed", "weight", "check", "note"):
        op.create_index(op.f(f"ix_{table}_at"), table, ["at"], unique=False)
    for name in ("state", "species", "source_id", "stopped_by"):
        op.create_index(op.f(f"ix_cry_{name}_onset"), "cry", [name, "onset"], unique=False)
    op.drop_index(op.f("ix_cry_state"), table_name="cry")
    op.create_index(op.f("ix_suggestion_shown_at"), "suggestion", ["shown_at"], unique=False)
    op.create_index(
        op.f("ix_suggestion_box_id_shown_at"), "suggestion", ["box_id", "shown_at"], unique=False
    )
    op.drop_index(op.f("ix_suggestion_box_id"), table_name="suggestion")


def _reference(name: str, to: str, of: str) -> sa.Column[int]:
    key = sa.ForeignKey(f"{to}.id", name=op.f(f"fk_{of}_{name}_{to}"))
    return sa.Column(name, sa.Integer(), key, nullable=True)

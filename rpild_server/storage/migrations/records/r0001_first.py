"""The first tables of decision records, feedback, audit log, switches and settings."""

from __future__ import annotations

from typing import NoReturn

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None

COUNTED = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def texts(names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, nullable=False) for name in names.split()]


def upgrade() -> None:
    decisions()
    statements_and_calls()
    audit()
    op.create_table("switches", *texts("ehr hook topic unit state who changed"), keys("ehr", "hook", "topic", "unit"))
    op.create_table(
        "settings_history",
        sa.Column("id", COUNTED, primary_key=True, autoincrement=True),
        *texts("sha256"),
        sa.Column("content", sa.Text, nullable=False),
        *texts("who created"),
    )


def keys(*names: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*names)


def decisions() -> None:
    op.create_table(
        "decision_records",
        *texts("id"),
        sa.Column("call_key", sa.String, unique=True),
        *texts("hook_instance iss service body_sha256 patient clinician unit gate"),
        *texts("knowledge_version knowledge_sha256 app_version created key_id"),
        sa.Column("payload", sa.LargeBinary),
        sa.Column("response", sa.LargeBinary),
        *texts("payload_sha256 response_sha256"),
        sa.Column("timings", sa.Text, nullable=False),
        sa.Column("erased", sa.String),
        keys("id"),
    )
    op.create_index("decision_records_created", "decision_records", ["created"])
    op.create_index("decision_records_patient", "decision_records", ["patient"])
    op.create_table(
        "cards",
        *texts("card_id"),
        sa.Column("record_id", sa.String, sa.ForeignKey("decision_records.id"), nullable=False),
        *texts("topic indicator fingerprint"),
        keys("card_id", "record_id"),
    )


def statements_and_calls() -> None:
    op.create_table(
        "gate_rows",
        sa.Column("id", COUNTED, primary_key=True, autoincrement=True),
        *texts("hook_instance iss service patient unit gate knowledge_version created"),
    )
    op.create_index("gate_rows_created", "gate_rows", ["created"])
    op.create_table(
        "feedback",
        *texts("key card_id"),
        sa.Column("record_id", sa.String, sa.ForeignKey("decision_records.id"), nullable=False),
        *texts("outcome outcome_time reason"),
        sa.Column("suggestions", sa.Text, nullable=False),
        *texts("key_id"),
        sa.Column("comment", sa.LargeBinary),
        *texts("received"),
        keys("key"),
    )
    op.create_index("feedback_received", "feedback", ["received"])
    op.create_index("feedback_record", "feedback", ["record_id"])


def audit() -> None:
    op.create_table(
        "audit_log",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        *texts("time kind who"),
        sa.Column("what", sa.Text, nullable=False),
        *texts("prev_hash hash"),
    )
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        *texts("hash key_id mac"),
    )


def downgrade() -> NoReturn:
    raise RuntimeError("Migrations run forward only; restore the backup made before the newer version.")

"""Decisions found by their hook instance: the body of a call is hashed only where it may be a repetition."""

from __future__ import annotations

from typing import NoReturn

from alembic import op

revision = "r0004"
down_revision = "r0003"


def upgrade() -> None:
    op.create_index("decision_records_hook_instance", "decision_records", ["hook_instance"])


def downgrade() -> NoReturn:
    raise RuntimeError("Migrations run forward only; restore the backup made before the newer version.")

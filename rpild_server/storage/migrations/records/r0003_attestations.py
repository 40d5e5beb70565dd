"""Clinicians' attestations that the plug-in keeps, or has written to an EHR."""

from __future__ import annotations

from typing import NoReturn

import sqlalchemy as sa
from alembic import op

revision = "r0003"
down_revision = "r0002"
TEXTS = "patient clinician code place status created changed key_id"


def upgrade() -> None:
    op.create_table(
        "attestations",
        sa.Column("id", sa.String, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in TEXTS.split()),
        sa.Column("content", sa.LargeBinary),
        sa.Column("erased", sa.String),
    )
    op.create_index("attestations_patient", "attestations", ["patient"])
    op.create_index("attestations_created", "attestations", ["created"])


def downgrade() -> NoReturn:
    raise RuntimeError("Migrations run forward only; restore the backup made before the newer version.")

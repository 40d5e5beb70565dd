"""The first tables of the alert memory and of used tokens."""

from __future__ import annotations

from typing import NoReturn

import sqlalchemy as sa
from alembic import op

revision = "m0001"
down_revision = None


def texts(names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, nullable=False) for name in names.split()]


def upgrade() -> None:
    op.create_table(
        "alert_memory",
        *texts("patient clinician topic fingerprint"),
        sa.Column("marks", sa.Text, nullable=False),
        *texts("sent override_reason override_role overridden"),
        sa.PrimaryKeyConstraint("patient", "clinician", "topic", "fingerprint"),
    )
    op.create_table(
        "used_tokens",
        *texts("iss jti"),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("iss", "jti"),
    )
    op.create_index("used_tokens_expires", "used_tokens", ["expires"])


def downgrade() -> NoReturn:
    raise RuntimeError("Migrations run forward only; restore the backup made before the newer version.")

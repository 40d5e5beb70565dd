"""SMART launches: those under way, by state, and those that are open, by launch id."""

from __future__ import annotations

from typing import NoReturn

import sqlalchemy as sa
from alembic import op

revision = "m0002"
down_revision = "m0001"


def texts(names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, nullable=False) for name in names.split()]


def whole(names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names.split()]


def sealed(names: str) -> list[sa.Column[bytes]]:
    return [sa.Column(name, sa.LargeBinary, nullable=False) for name in names.split()]


def upgrade() -> None:
    op.create_table(
        "pending_launches",
        *texts("state browser key_id"),
        *sealed("content"),
        *whole("expires"),
        sa.PrimaryKeyConstraint("state"),
    )
    op.create_table(
        "launches",
        *texts("id browser patient key_id tokens_key_id"),
        *sealed("content tokens"),
        *whole("version lease created last_used"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("pending_launches_expires", "pending_launches", ["expires"])
    op.create_index("launches_last_used", "launches", ["last_used"])
    op.create_index("launches_patient", "launches", ["patient"])


def downgrade() -> NoReturn:
    raise RuntimeError("Migrations run forward only; restore the backup made before the newer version.")

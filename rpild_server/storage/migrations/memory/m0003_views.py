"""The last view of each user on each patient."""

from __future__ import annotations

from typing import NoReturn

import sqlalchemy as sa
from alembic import op

revision = "m0003"
down_revision = "m0002"


def upgrade() -> None:
    op.create_table(
        "last_views",
        *(sa.Column(name, sa.String, nullable=False) for name in ("patient", "clinician", "launch", "key_id")),
        sa.Column("before", sa.LargeBinary),
        sa.Column("latest", sa.LargeBinary, nullable=False),
        sa.Column("changed", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("patient", "clinician"),
    )
    op.create_index("last_views_changed", "last_views", ["changed"])


def downgrade() -> NoReturn:
    raise RuntimeError("Migrations run forward only; restore the backup made before the newer version.")

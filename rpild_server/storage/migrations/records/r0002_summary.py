"""A summary of each decision for reports: topics, criteria, codes of a laboratory; no value of a patient."""

from __future__ import annotations

from typing import NoReturn

import sqlalchemy as sa
from alembic import op

revision = "r0002"
down_revision = "r0001"


def upgrade() -> None:
    op.add_column("decision_records", sa.Column("summary", sa.Text, nullable=False, server_default="{}"))


def downgrade() -> NoReturn:
    raise RuntimeError("Migrations run forward only; restore the backup made before the newer version.")

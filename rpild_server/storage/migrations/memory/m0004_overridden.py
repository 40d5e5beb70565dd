"""What was overridden about a patient is found without looking at all that anybody was shown."""

from __future__ import annotations

from typing import NoReturn

from alembic import op

revision = "m0004"
down_revision = "m0003"


def upgrade() -> None:
    op.create_index("alert_memory_overridden", "alert_memory", ["patient", "override_reason"])


def downgrade() -> NoReturn:
    raise RuntimeError("Migrations run forward only; restore the backup made before the newer version.")

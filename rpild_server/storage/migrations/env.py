"""What Alembic runs to migrate one group of tables, inside the transaction that schema.py opened."""

from __future__ import annotations

from alembic import context

attributes = context.config.attributes
context.configure(connection=attributes["connection"], version_table=f"{attributes['line']}_version")
with context.begin_transaction():
    context.run_migrations()

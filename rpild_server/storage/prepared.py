"""The few statements of every call, run by the driver itself: the toolkit takes ten times as long as SQLite does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.elements import ClauseElement

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Text:
    """A statement in the driver's words; `order` names its parameters where the driver counts them.

    `fixed` are those whose values stand in the statement.
    """

    sql: str
    order: Sequence[str] | None
    fixed: Row

    def parameters(self, row: Row) -> Any:
        """A row as the driver takes it."""
        whole = {**self.fixed, **row}
        return whole if self.order is None else [whole[name] for name in self.order]


class Prepared:
    """A statement of the toolkit, put into words once for each database and set of columns.

    It runs in the transaction of the connection; its faults are those of the toolkit (SQLAlchemyError).
    """

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._texts: dict[tuple[str, ...], _Text] = {}

    def rows(self, connection: Connection, row: Row) -> list[Any]:
        """Run it with these parameters; what it gives, as plain tuples."""
        text = self._text(connection.dialect, row)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(text.sql, text.parameters(row))
            return list(cursor.fetchall())
        except connection.dialect.loaded_dbapi.Error as problem:
            raise _fault(connection.dialect, text, problem) from None
        finally:
            cursor.close()

    def write(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Run it once for each of these rows, of the same columns; it gives nothing."""
        text = self._text(connection.dialect, rows[0])
        cursor = connection.connection.cursor()
        try:
            cursor.executemany(text.sql, list(map(text.parameters, rows)))
        except connection.dialect.loaded_dbapi.Error as problem:
            raise _fault(connection.dialect, text, problem) from None
        finally:
            cursor.close()

    def _text(self, dialect: Dialect, row: Row) -> _Text:
        key = (dialect.name, *row)
        found = self._texts.get(key)
        if found is None:
            compiled: Any = self._statement.compile(dialect=dialect, column_keys=list(row))
            fixed = {name: value for name, value in compiled.params.items() if name not in row}
            found = self._texts[key] = _Text(str(compiled), compiled.positiontup, fixed)
        return found


def _fault(dialect: Dialect, text: _Text, problem: Exception) -> Exception:
    """The toolkit's own error for one of the driver, without the values."""
    return DBAPIError.instance(text.sql, None, problem, dialect.loaded_dbapi.Error, hide_parameters=True)

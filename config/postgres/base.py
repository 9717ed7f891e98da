"""Django's Postgres backend, with fewer round trips. settings.DATABASES names it as the ENGINE.

A transaction begins in the message of its first statement. Whether the other side has hung up is read from the socket,
so `CONN_HEALTH_CHECKS` costs nothing.
"""

import select

from django.db.backends.postgresql import base
from django.db.backends.utils import debug_transaction
from psycopg2.errors import InFailedSqlTransaction
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_INERROR, cursor


class Cursor(cursor):
    wrapper: "DatabaseWrapper | None" = None  # None: one of psycopg2's or of Django's own, outside of transactions

    def execute(self, query, vars=None):
        if self.wrapper is not None and self.wrapper.begins:
            return super().execute(b"BEGIN; " + self.mogrify(query, vars))
        return super().execute(query, vars)

    def executemany(self, query, vars_list):
        if self.wrapper is not None and self.wrapper.begins:
            self.execute("SELECT 1")
        return super().executemany(query, vars_list)


class DatabaseWrapper(base.DatabaseWrapper):
    # psycopg2 itself stays in autocommit mode all the time: it would send its BEGIN alone.

    @property
    def is_idle(self) -> bool:
        return self.connection.get_transaction_status() == TRANSACTION_STATUS_IDLE

    @property
    def begins(self) -> bool:
        """Whether the next statement is the first of a transaction."""
        return not self.autocommit and self.is_idle

    def get_connection_params(self) -> dict:
        return {**super().get_connection_params(), "cursor_factory": Cursor}

    def create_cursor(self, name=None):
        made = super().create_cursor(name)
        made.wrapper = self
        return made

    def _set_autocommit(self, autocommit: bool) -> None:
        if autocommit:
            super()._set_autocommit(True)  # type: ignore[misc]

    def _commit(self) -> None:
        self._end("COMMIT")

    def _rollback(self) -> None:
        self._end("ROLLBACK")

    def _end(self, command: str) -> None:
        if self.connection is None or (not self.connection.closed and self.is_idle):
            return
        with debug_transaction(self, command), self.wrap_database_errors, self.connection.cursor() as plain:
            plain.execute(command)
            if plain.statusmessage != command:  # Postgres says ROLLBACK when it has to, and not that it is an error
                raise InFailedSqlTransaction("A statement failed before, so nothing was written.")

    def is_usable(self) -> bool:
        """Whether a query would have an answer: the other side has not hung up, and no transaction failed. Asks only
        this side's socket."""
        if self.connection is None or self.connection.closed:
            return False
        if self.connection.get_transaction_status() == TRANSACTION_STATUS_INERROR:
            return False
        readable = select.poll()  # not select(), which knows no descriptor over 1023
        readable.register(self.connection.fileno(), select.POLLIN)
        # Nothing was asked, so what can be read says that the server closed the connection.
        return not readable.poll(0)

"""Django's Postgres backend, with fewer round trips. settings.DATABASES names it as the ENGINE.

A transaction begins in the message of its first statement. A write whose result nobody asks for goes in the message of
the statement after it, which for the last one is COMMIT. And whether the other side has hung up is read from the
socket, so that `CONN_HEALTH_CHECKS` costs nothing.
"""

import select

from django.db.backends.postgresql import base
from django.db.backends.utils import debug_transaction
from psycopg2.errors import InFailedSqlTransaction
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_INERROR, cursor


class Cursor(cursor):
    wrapper: "DatabaseWrapper | None" = None  # None: one of psycopg2's or of Django's own, outside of transactions
    may_wait = False  # whether nobody asks for the result of what it executes
    own: bytes | None = None  # of what it sent, or left waiting, the statement that it was given

    @property
    def query(self) -> bytes | None:
        """The last statement, as psycopg2 has it; Django's log of queries asks for it."""
        return self.own or super().query

    def execute(self, query, vars=None):
        self.own = None
        if self.wrapper is None or self.wrapper.autocommit:
            return super().execute(query, vars)
        if self.wrapper.is_idle:
            return super().execute(b"BEGIN; " + self.mogrify(query, vars))
        if self.may_wait:
            self.own = self.mogrify(query, vars)
            self.wrapper.waiting += self.own + b"; "
            return None
        if self.wrapper.waiting:
            self.own = self.mogrify(query, vars)  # first: when it raises, what waits is waiting still
            return super().execute(self.wrapper.take_waiting() + self.own)
        return super().execute(query, vars)

    def executemany(self, query, vars_list):
        if self.wrapper is not None and not self.wrapper.autocommit:
            self.execute("SELECT 1")  # with what has to come before
        return super().executemany(query, vars_list)


class DatabaseWrapper(base.DatabaseWrapper):
    # psycopg2 itself stays in autocommit mode all the time: it would send its BEGIN alone.

    waiting = b""  # statements that go along with the next one

    def take_waiting(self) -> bytes:
        waiting, self.waiting = self.waiting, b""
        return waiting

    @property
    def status(self) -> int:
        return self.connection.get_transaction_status()

    @property
    def is_idle(self) -> bool:
        return self.status == TRANSACTION_STATUS_IDLE

    def get_connection_params(self) -> dict:
        return {**super().get_connection_params(), "cursor_factory": Cursor}

    def create_cursor(self, name=None):
        made = super().create_cursor(name)
        made.wrapper = self
        return made

    def _set_autocommit(self, autocommit: bool) -> None:
        if autocommit:
            super()._set_autocommit(True)  # type: ignore[misc]

    def connect(self) -> None:
        self.take_waiting()
        super().connect()

    def _commit(self) -> None:
        self._end("COMMIT", self.take_waiting())

    def _rollback(self) -> None:
        self.take_waiting()
        self._end("ROLLBACK")

    def _savepoint_rollback(self, sid: str) -> None:
        self.take_waiting()  # what came before the savepoint went along with it
        super()._savepoint_rollback(sid)  # type: ignore[misc]

    def _end(self, command: str, waiting: bytes = b"") -> None:
        if self.connection is None or (not self.connection.closed and self.is_idle):
            return
        with debug_transaction(self, command), self.wrap_database_errors, self.connection.cursor() as plain:
            plain.execute(waiting + command.encode())
            if plain.statusmessage != command:  # Postgres says ROLLBACK when it has to, and not that it is an error
                raise InFailedSqlTransaction("A statement failed before, so nothing was written.")

    def is_usable(self) -> bool:
        """Whether a query would have an answer: the other side has not hung up, and no transaction failed. Asks only
        this side's socket."""
        if self.connection is None or self.connection.closed or self.status == TRANSACTION_STATUS_INERROR:
            return False
        waiting = select.poll()  # not select(), which knows no descriptor over 1023
        waiting.register(self.connection.fileno(), select.POLLIN)
        # Nothing is asked, so what comes is a farewell.
        return not waiting.poll(0)

"""The faults of a database in the cloud."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress

import psycopg2

from drills.gateway import Gateway
from drills.neon import FAST, IMMEDIATE, MAX_CLIENTS, OWNER, Neon

DATABASE = "drills"
# Error messages of Neon's proxy (proxy/src/control_plane/messages.rs and compute/mod.rs in its source).
MESSAGES = (
    "Control plane request failed: endpoint is disabled",
    "Couldn't connect to compute node",
    "Control plane request failed: endpoint cannot be found",
    "Control plane request failed: endpoint is temporarily unavailable. Check your quotas and/or contact our support.",
    "Failed to acquire permit to connect to the database. Too many database connection attempts are currently ongoing.",
    "Too many connections attempts",
    "Your account or project has exceeded the compute time quota. Upgrade your plan to increase limits.",
)
STATES = {
    "idle": "state = 'idle'",
    "in a query": "state = 'active' AND query !~ '^(COMMIT|BEGIN)'",
    "in a transaction": "state LIKE 'idle in transaction%'",
    "at COMMIT": "state = 'active' AND query ~ 'COMMIT'",
}


def take_all(connect: Callable, cut_off_the_others: Callable[[], None]) -> None:
    """Open connections until all are taken, and hold them for a moment, with those that become free."""
    with ExitStack() as taken:
        with suppress(psycopg2.OperationalError):
            while True:
                taken.enter_context(closing(connect()))
        until = time.monotonic() + 0.5
        cut_off_the_others()
        while time.monotonic() < until:
            with suppress(psycopg2.OperationalError):
                taken.enter_context(closing(connect()))


class Faults:
    """Each method causes one fault, which ends when it returns."""

    def __init__(self, neon: Neon, gateway: Gateway):
        self.neon, self.gateway = neon, gateway
        self.killed: Counter = Counter()
        self.messages = 0

    def restart_fast(self) -> None:
        self.neon.restart(FAST)

    def restart_immediately(self) -> None:
        self.neon.restart(IMMEDIATE)

    def restart_pooler(self) -> None:
        self.neon.restart_pooler()

    def suspend(self) -> None:
        self.gateway.suspend()

    def kill_a_backend(self) -> None:
        """Kill a backend in one of the STATES; any backend if there is none."""
        state = list(STATES)[self.killed.total() % len(STATES)]
        kill = (
            f"SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE datname = '{DATABASE}' AND "
        )
        with self.neon.superuser() as cursor:
            for _ in range(200):
                cursor.execute(f"{kill} {STATES[state]} LIMIT 1) victim")
                if cursor.rowcount:
                    self.killed[state] += 1
                    return
            cursor.execute(f"{kill} true ORDER BY random() LIMIT 1) victim")
            self.killed["in any state"] += cursor.rowcount

    def message(self) -> None:
        self.gateway.message = MESSAGES[self.messages % len(MESSAGES)]
        self.messages += 1
        self.gateway.drop()
        time.sleep(0.5)
        self.gateway.message = ""

    def fill_server(self) -> None:
        """Cut all connections to Postgres, and take all of its slots."""
        kill = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{DATABASE}'"
        with self.neon.superuser() as cursor:
            take_all(self.neon.connect_locally, lambda: cursor.execute(kill))

    def fill_pooler(self) -> None:
        """Cut all connections to the pooler, and take all of its client slots."""
        # A single connection, since there is no slot for a second one.
        with closing(self.neon.connect(self.neon.pooled_url("pgbouncer"))) as console, console.cursor() as cursor:
            cursor.execute("SET max_client_conn = 40")

            def kill() -> None:
                cursor.execute(f"KILL {DATABASE}")
                cursor.execute(f"RESUME {DATABASE}")

            take_all(lambda: self.neon.connect(self.neon.pooled_url("postgres")), kill)
            cursor.execute(f"SET max_client_conn = {MAX_CLIENTS}")

    def hold_lock(self) -> None:
        """Lock the table of tasks for longer than the timeouts."""
        with self.neon.superuser(DATABASE) as cursor:  # without the owner's timeouts
            cursor.execute("BEGIN; LOCK TABLE todos_task IN ACCESS EXCLUSIVE MODE")
            time.sleep(0.8)
            cursor.execute("COMMIT")

    @contextmanager
    def timeout(self, name: str) -> Iterator[None]:
        """Set a timeout that is shorter than `hold_lock`, for new connections."""
        with self.neon.superuser() as cursor:
            cursor.execute(f"ALTER ROLE {OWNER} SET {name} = '200ms'")
            self.neon.restart_pooler()
            yield
            cursor.execute(f"ALTER ROLE {OWNER} RESET {name}")
        self.neon.restart_pooler()

"""A copy of Neon from the system's packages: Postgres with TLS and SCRAM only, behind PgBouncer.

It uses free ports of 127.0.0.1 and a temporary directory. Both are gone when this process ends, even if it is killed.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from secrets import token_hex

import psycopg2

from testing.postgres import PostgresError, Runner, find_programs, write_settings

OWNER = "neondb_owner"
# As Neon's console creates it: not a superuser, but not subject to row-level security.
OWNER_OPTIONS = "LOGIN CREATEROLE CREATEDB BYPASSRLS"
HBA = "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "ssl": "on",
    "ssl_cert_file": "../server.crt",
    "ssl_key_file": "../server.key",
    "timezone": "UTC",
    # As in the smallest compute.
    "max_connections": "104",
    "superuser_reserved_connections": "7",
}
POOLER = """[databases]
* = host=localhost port={port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {pooled_port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = users.txt
admin_users = {owner}
pidfile = pooler.pid
logfile = pooler.log
pool_mode = transaction
default_pool_size = 90
max_client_conn = {clients}
server_login_retry = 1
ignore_startup_parameters = extra_float_digits
client_tls_sslmode = require
client_tls_cert_file = server.crt
client_tls_key_file = server.key
server_tls_sslmode = verify-full
server_tls_ca_file = ca.crt
"""
MAX_CLIENTS = 1000
FAST, IMMEDIATE = signal.SIGINT, signal.SIGQUIT  # as pg_ctl stops it
NEW_KEY = (
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-days",
    "2",
)


class MissingProgram(Exception):
    pass


def find_pooler() -> str:
    """The path of PgBouncer. Raises MissingProgram."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    if not shutil.which("openssl"):
        raise MissingProgram("openssl was not found. Install it.")
    if pooler := shutil.which("pgbouncer", path=path):
        return pooler
    raise MissingProgram("pgbouncer was not found. Install it.")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Neon:
    """`url` and `pooled_url` make the two connection strings of a database."""

    def __init__(self, run: Runner, programs: Path, pooler: str):
        self.run, self.programs, self.pooler_program = run, programs, pooler
        self.directory = run.workspace
        self.port, self.pooled_port = free_port(), free_port()
        self.password = token_hex(16)
        self.postgres: subprocess.Popen | None = None
        self.pooler: subprocess.Popen | None = None

    def url(self, database: str, port: int | None = None) -> str:
        tls = f"sslmode=verify-full&sslrootcert={self.directory}/ca.crt"  # localhost isn't asked for more by itself
        return f"postgres://{OWNER}:{self.password}@localhost:{port or self.port}/{database}?{tls}"

    def pooled_url(self, database: str) -> str:
        return self.url(database, self.pooled_port)

    def make(self) -> None:
        self.make_certificates()
        self.run.initdb(self.programs)
        data = self.directory / "data"
        (data / "pg_hba.conf").write_text(HBA)
        own = {"port": str(self.port), "unix_socket_directories": str(self.directory)}
        write_settings(data / "postgresql.conf", {**SETTINGS, **own})
        self.start()
        with self.superuser() as cursor:
            cursor.execute(f"CREATE ROLE {OWNER} {OWNER_OPTIONS} PASSWORD %s", [self.password])
            cursor.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [OWNER])
            self.write_for_pooler("users.txt", f'"{OWNER}" "{cursor.fetchone()[0]}"\n')
        self.configure_pooler()
        self.start_pooler()

    def make_certificates(self) -> None:
        self.run(*NEW_KEY, "-subj", "/CN=drills", "-keyout", "ca.key", "-out", "ca.crt")
        names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
        signed = ("-CA", "ca.crt", "-CAkey", "ca.key", "-addext", names, "-addext", "basicConstraints=CA:FALSE")
        self.run(*NEW_KEY, *signed, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.crt")

    def write_for_pooler(self, name: str, content: str) -> None:
        file = self.directory / name
        file.touch(mode=0o600)
        file.write_text(content)
        if "user" in self.run.how:
            os.chown(file, self.run.how["user"], self.run.how["group"])

    def configure_pooler(self) -> None:
        values = {"port": self.port, "pooled_port": self.pooled_port, "owner": OWNER, "clients": MAX_CLIENTS}
        self.write_for_pooler("pooler.ini", POOLER.format(**values))

    @contextmanager
    def superuser(self, database: str = "postgres") -> Iterator:
        """A superuser's cursor, for statements that the owner can't run."""
        connection = psycopg2.connect(host=str(self.directory), port=self.port, user="postgres", dbname=database)
        with closing(connection), connection.cursor() as cursor:
            connection.autocommit = True
            yield cursor

    def connect(self, url: str):
        connection = psycopg2.connect(url, connect_timeout=10)
        connection.autocommit = True
        return connection

    def connect_locally(self):
        """Connect as the owner over the Unix socket, which is faster."""
        return psycopg2.connect(host=str(self.directory), port=self.port, user=OWNER, dbname="postgres")

    def create_database(self, name: str) -> None:
        with closing(self.connect(self.url("postgres"))) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")

    def start(self) -> None:
        deadline = time.monotonic() + 30
        while not self.is_ready():
            if time.monotonic() > deadline:
                raise PostgresError((self.directory / "log").read_text())
            # The processes of a killed server need a moment to end. A new server doesn't start until then.
            if self.postgres is None or self.postgres.poll() is not None:
                self.postgres = self.begin(self.programs / "postgres", "-D", "data", log="log")
            time.sleep(0.01)

    def is_ready(self) -> bool:
        with suppress(psycopg2.OperationalError), self.superuser():
            return True
        return False

    def begin(self, *command: str | Path, log: str) -> subprocess.Popen:
        """Start a child process. Unlike a daemon, it is gone as soon as it is killed and waited for."""
        with (self.directory / log).open("a") as output:
            how: dict = {**self.run.how, "start_new_session": True}
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **how)

    def end(self, process: subprocess.Popen | None, how: signal.Signals) -> None:
        assert process
        process.send_signal(how)
        process.wait(timeout=60)

    def stop(self, how: signal.Signals = FAST) -> None:
        self.end(self.postgres, how)

    def restart(self, how: signal.Signals) -> None:
        """`how`: FAST, IMMEDIATE, or SIGKILL, which is like a power cut."""
        self.stop(how)
        self.start()

    def start_pooler(self) -> None:
        self.pooler = self.begin(self.pooler_program, "-q", "pooler.ini", log="pooler.out")
        for _ in range(500):
            with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", self.pooled_port)):
                return
            time.sleep(0.01)
        raise PostgresError((self.directory / "pooler.log").read_text())

    def stop_pooler(self) -> None:
        self.end(self.pooler, signal.SIGTERM)  # immediately, which cuts its clients' connections

    def restart_pooler(self) -> None:
        self.stop_pooler()
        self.start_pooler()


@contextmanager
def neon() -> Iterator[Neon]:
    """Run it. Raises MissingProgram, or PostgresError when there is no Postgres or it doesn't start."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):  # which would hide where the driver looks for authorities
        os.environ.pop(name, None)
    pooler, (found, _) = find_pooler(), find_programs()
    run = Runner(Path(tempfile.mkdtemp(prefix="todo-drills-", dir="/tmp")))
    with run.guarded(found) as programs:
        server = Neon(run, programs, pooler)
        server.make()
        yield server

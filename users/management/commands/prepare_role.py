from django.core.management.base import BaseCommand, CommandError
from django.db import connection

# For the statements of requests. A timeout ends as a 503; without it, a statement that hangs keeps its thread and lock.
SETTINGS = {
    "statement_timeout": "10s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "15s",
    "timezone": "UTC",  # otherwise Django sets it on each new connection
    "max_parallel_workers_per_gather": "0",  # starting a worker takes longer than a page, and there are few of them
}


class Command(BaseCommand):
    help = (
        "Sets timeouts for the role that connects, and turns parallel workers off. These are settings of the role, "
        "because a pooler in transaction mode drops all others. They apply to new connections."
    )

    def handle(self, *args, **options):
        if connection.vendor != "postgresql":
            raise CommandError("This command needs Postgres: no other database has roles.")
        for name, value in SETTINGS.items():
            command = f"ALTER ROLE CURRENT_USER SET {name} = '{value}'"
            with connection.cursor() as cursor:
                cursor.execute(command)
            self.stdout.write(command)

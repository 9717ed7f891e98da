from django.core.management.base import BaseCommand, CommandError
from django.db import connection

# For the statements of requests. The timeouts end as a 503; without, one that hangs holds its thread, and its locks.
SETTINGS = {
    "statement_timeout": "10s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "15s",
    "timezone": "UTC",  # Django would ask for it on every new connection
    "max_parallel_workers_per_gather": "0",  # to start one takes longer than a page, and there are few
}


class Command(BaseCommand):
    help = (
        "Give the role that connects its timeouts, and no parallel workers. As settings of the role, because a pooler "
        "in transaction mode keeps no others. Says what it does; new connections have them."
    )

    def handle(self, *args, **options):
        if connection.vendor != "postgresql":
            raise CommandError("Only Postgres has roles.")
        for name, value in SETTINGS.items():
            command = f"ALTER ROLE CURRENT_USER SET {name} = '{value}'"
            with connection.cursor() as cursor:
                cursor.execute(command)
            self.stdout.write(command)

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import DatabaseError, connection

from ownership.row_level_security import checks


class Command(migrate.Command):
    help = (
        "Updates the database schema and prepares row-level security. Connects to DATABASE_URL_UNPOOLED if it is set: "
        "migrations need their own session, and a pooler in transaction mode doesn't provide one."
    )

    def execute(self, *args, **options):
        if settings.UNPOOLED_DATABASE:
            self.connect_directly(settings.UNPOOLED_DATABASE)
        self.prepare_row_level_security(options)  # before Django's checks, which would report it as missing
        output = super().execute(*args, **options)
        self.prepare_row_level_security(options)
        return output

    @staticmethod
    def connect_directly(direct: dict) -> None:
        connection.close()
        # Without NAME, so that tests stay in their own database.
        connection.settings_dict |= {key: direct[key] for key in ("HOST", "PORT", "USER", "PASSWORD", "OPTIONS")}
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")  # the role's timeout is meant for requests

    def prepare_row_level_security(self, options: dict) -> None:
        if options["plan"] or options["check_unapplied"]:
            return  # these change nothing
        try:
            done = checks.prepare()
        except DatabaseError as error:
            statements = "; ".join(checks.missing_statements())
            raise CommandError(
                f"This role isn't allowed to prepare row-level security ({str(error).strip()}). "
                f"Ask an administrator to run: {statements}. {checks.OPT_OUT}"
            ) from None
        if options["verbosity"]:
            for statement in done:
                self.stdout.write(statement)

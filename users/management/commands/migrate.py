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
        self.refuse_other_encodings()
        self.prepare_row_level_security(options)  # before Django's checks, which would say that it is missing
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

    @staticmethod
    def refuse_other_encodings() -> None:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SHOW server_encoding")
                [encoding] = cursor.fetchone()
            if encoding != "UTF8":
                raise CommandError(
                    f"This database's encoding is {encoding}, in which not every text can be kept. Make one in UTF-8: "
                    "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
                )

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

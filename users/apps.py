from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "users"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from users import schema, wall_setup  # noqa: F401 (they register themselves)

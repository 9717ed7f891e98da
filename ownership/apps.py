from django.apps import AppConfig


class OwnershipConfig(AppConfig):
    name = "ownership"

    def ready(self) -> None:
        from ownership import checks  # noqa: F401 (registers itself)
        from ownership.row_level_security import checks as row_level_security  # noqa: F401

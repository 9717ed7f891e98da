from django.apps import AppConfig


class OwnershipConfig(AppConfig):
    name = "ownership"

    def ready(self) -> None:
        from ownership.row_level_security import checks  # noqa: F401 (registers itself)

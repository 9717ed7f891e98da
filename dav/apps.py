from django.apps import AppConfig


class DavConfig(AppConfig):
    name = "dav"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from dav.archive import PARTS
        from dav.extension import CalendarExtension
        from todos.extensions import EXTENSIONS
        from transfer.extensions import ARCHIVE_PARTS

        EXTENSIONS.append(CalendarExtension())
        ARCHIVE_PARTS.extend(PARTS)

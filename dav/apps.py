from django.apps import AppConfig


class DavConfig(AppConfig):
    name = "dav"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from dav.extension import CalendarExtension
        from todos.extensions import EXTENSIONS

        EXTENSIONS.append(CalendarExtension())

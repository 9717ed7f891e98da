from django.apps import AppConfig


class TodosConfig(AppConfig):
    name = "todos"
    verbose_name = "Todos"

    def ready(self) -> None:
        from todos import checks  # noqa: F401 (registers itself)
        from todos.models import Task
        from users.models import on_new_timezone

        on_new_timezone.append(lambda user: Task.objects.filter(owner_id=user.pk).remind_anew())

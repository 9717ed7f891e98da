from django.apps import apps
from django.conf import settings
from django.core import checks
from django.db.models import UniqueConstraint


@checks.register(checks.Tags.models)
def check_models_in_sync(app_configs, **kwargs) -> list[checks.CheckMessage]:
    from todos import sync  # it loads the views, which not every command needs

    synced = sync.kinds()
    hint = "Make it a TrashModel: its rows stay until they are purged, so that clients hear of the deletion."
    return [
        checks.Warning(f"{viewset.__name__} isn't in sync: a deleted {kind} leaves no trace.", hint, id="todos.W001")
        for kind, viewset in sync.revised_viewsets(settings.ROOT_URLCONF).items()
        if kind not in synced
    ]


@checks.register(checks.Tags.models)
def check_unique_in_trash(app_configs, **kwargs) -> list[checks.CheckMessage]:
    from todos.models.trash import TrashModel  # once the models are loaded

    problem = "counts what is in the trash: what was deleted can't be created again."
    return [
        checks.Warning(f"{constraint.name} {problem}", "Add condition=Q(deleted_at=None).", model, "todos.W002")
        for model in apps.get_models()
        for constraint in (model._meta.constraints if issubclass(model, TrashModel) else ())
        if isinstance(constraint, UniqueConstraint)
        and constraint.condition is None
        and model._meta.pk.name not in constraint.fields
    ]

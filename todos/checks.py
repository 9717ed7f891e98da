from django.core import checks


@checks.register(checks.Tags.models)
def check_models_in_sync(app_configs, **kwargs) -> list[checks.CheckMessage]:
    from todos.models.trash import TrashModel
    from todos.sync import KINDS

    hint = "Make it a TrashModel: its rows stay until they are purged, so that clients hear of the deletion."
    return [
        checks.Error(
            f"{model.__name__} is in sync, and a deleted row leaves no trace.", hint, obj=model, id="todos.E001"
        )
        for model, _ in KINDS.values()
        if not issubclass(model, TrashModel)
    ]

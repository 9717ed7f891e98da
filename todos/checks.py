from django.conf import settings
from django.core import checks


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

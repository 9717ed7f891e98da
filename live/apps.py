from django.apps import AppConfig


class LiveConfig(AppConfig):
    name = "live"

    def ready(self) -> None:
        from live import notices, schema  # noqa: F401 (the schema registers itself)
        from live.events import record
        from live.waking import wake_worker
        from ownership.transactions import listeners, recorders

        recorders.append(record)
        listeners.extend([wake_worker, notices.publish])

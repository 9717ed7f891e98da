from django.apps import AppConfig


class LiveConfig(AppConfig):
    name = "live"

    def ready(self) -> None:
        from live.events import record
        from live.waking import wake_worker
        from ownership.transactions import listeners, recorders

        recorders.append(record)
        listeners.append(wake_worker)

from live.views.hooks import HookViewSet
from live.views.unsubscribe import UnsubscribeView

__all__ = ["HookViewSet", "UnsubscribeView"]

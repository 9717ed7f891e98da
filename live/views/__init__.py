from live.views.events import EventsView, TicketView
from live.views.hooks import HookViewSet
from live.views.unsubscribe import UnsubscribeView

__all__ = ["EventsView", "HookViewSet", "TicketView", "UnsubscribeView"]

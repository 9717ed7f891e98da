from django.contrib import admin
from django.urls import include, path, register_converter
from django.views.generic import RedirectView, TemplateView
from rest_framework.routers import SimpleRouter

from api.ids import IdConverter
from api.views import DocsView, RootView, SchemaView
from assistants.views import McpView, metadata
from live.views import EventsView, HookViewSet, TicketView, UnsubscribeView
from todos.views import ProjectViewSet, SyncView, TagViewSet, TaskViewSet
from transfer.urls import urlpatterns as files
from transfer.views import FeedView, FeedViewSet
from users.pages import OperatorSignInForm, PasswordIsSetView, SetPasswordView, SignInPageView
from users.views import TokenViewSet

register_converter(IdConverter, "id")

router = SimpleRouter(use_regex_path=False)
router.register("tasks", TaskViewSet)
router.register("projects", ProjectViewSet)
router.register("tags", TagViewSet)
router.register("feeds", FeedViewSet)
router.register("hooks", HookViewSet)
router.register("tokens", TokenViewSet)

# What the root leads to, with the names of the routes.
PARTS = {prefix: f"{basename}-list" for prefix, _, basename in router.registry}
PARTS |= {"tasks/summary": "task-summary", "me": "me", "me/password": "password", "sync": "sync"}
PARTS |= {str(file.pattern).rstrip("/"): file.name for file in files if file.name}
PARTS |= {"docs": "docs", "schema": "schema"}

api: list = [
    *router.urls,  # first: these are called most, and the resolver tries one after the other
    path("", include("users.urls")),
    path("", include("transfer.urls")),
    path("", RootView.as_view(api_root_dict=PARTS), name="api-root"),
    path("events/", EventsView.as_view(), name="events"),
    path("events/ticket/", TicketView.as_view(), name="events-ticket"),
    path("sync/", SyncView.as_view(), name="sync"),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", DocsView.as_view(), name="docs"),
]

admin.site.enable_nav_sidebar = False  # the lists are wide
admin.site.login_form = OperatorSignInForm
admin.site.site_title = admin.site.site_header = "Todo API administration"

urlpatterns = [
    path("api/v1/", include(api)),
    path("", include("dav.urls")),
    path("mcp", McpView.as_view(), name="mcp"),
    path(".well-known/oauth-protected-resource/mcp", metadata, name="mcp-metadata"),
    path("", TemplateView.as_view(template_name="landing.html"), name="landing"),
    path("feeds/<str:secret>.ics", FeedView.as_view(), name="feed"),
    path("unsubscribe/<str:token>/", UnsubscribeView.as_view(), name="unsubscribe"),
    path("set-password/done/", PasswordIsSetView.as_view(), name="password-is-set"),
    path("set-password/<uidb64>/<token>/", SetPasswordView.as_view(), name="set-password"),
    path("api-auth/login/", SignInPageView.as_view()),  # before REST framework's own
    path("api-auth/", include("rest_framework.urls")),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
]

handler400 = "api.middleware.bad_request"
handler403 = "api.middleware.permission_denied"
handler404 = "api.middleware.not_found"
handler500 = "api.middleware.server_error"

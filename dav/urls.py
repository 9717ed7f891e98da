from django.urls import path

from dav import pages
from dav.views.lists import ListView
from dav.views.objects import ObjectView
from dav.views.places import HomeView, RootView, well_known

urlpatterns = [
    path(".well-known/caldav", well_known),
    path("calendars/", pages.ConnectView.as_view(), name="calendars"),
    path("calendars/todo.mobileconfig", pages.ProfileView.as_view(), name="calendar-profile"),
    path("calendars/<id:pk>/revoke/", pages.RevokeView.as_view(), name="revoke-app-password"),
    path("dav/", RootView.as_view(), name="dav"),
    path("dav/<str:owner>/", HomeView.as_view()),
    path("dav/<str:owner>", HomeView.as_view()),
    path("dav/<str:owner>/<str:list>/", ListView.as_view()),
    path("dav/<str:owner>/<str:list>", ListView.as_view()),
    path("dav/<str:owner>/<str:list>/<str:name>", ObjectView.as_view()),
]

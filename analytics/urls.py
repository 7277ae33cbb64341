"""Routes of home and health."""

from django.urls import path

from analytics import views

app_name = "analytics"
urlpatterns = [
    path("", views.home, name="home"),
    path("home/sending/", views.sending_now, name="sending"),
    path("home/absence/", views.absence_banner, name="absence"),
    path("search/", views.search_page, name="search"),
    path("healthz", views.healthz, name="healthz"),
]

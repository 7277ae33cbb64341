"""Routes of accounts."""

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("welcome/", views.welcome, name="welcome"),
    path("settings/", views.settings_page, name="settings"),
    path("language/", views.choose_language, name="language"),
    path("settings/me/", views.profile, name="profile"),
]

"""Routes of the sample data."""

from django.urls import path

from sample import views

app_name = "sample"
urlpatterns = [
    path("settings/sample/", views.panel, name="panel"),
    path("settings/sample/remove/", views.remove_sample, name="remove"),
]

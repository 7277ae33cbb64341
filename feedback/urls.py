"""The doors of mails and providers. Short on purpose: these addresses stand in every message."""

from django.urls import path

from feedback import views

app_name = "feedback"
urlpatterns = [
    path("o/<str:token>.gif", views.pixel, name="pixel"),
    path("c/<str:token>", views.click, name="click"),
    path("u/<str:token>", views.unsubscribe, name="unsubscribe"),
    path("u/<str:token>/why", views.why, name="why"),
    path("t/<str:token>", views.tracking, name="tracking"),
    path("p/<str:token>", views.preferences, name="preferences"),
    path("providers/<int:pk>/webhooks/", views.provider_webhooks, name="provider_webhooks"),
    path("hooks/<int:provider_id>/<str:secret>/", views.webhook, name="webhook"),
]

"""Routes of transactional mail. The POST is answered by the door where it stands in front (config/asgi.py)."""

from django.urls import path

from transactional import api, views

app_name = "transactional"
urlpatterns = [
    path("api/v1/messages", api.messages, name="api_messages"),
    path("api/v1/messages/<uuid:name>", api.message, name="api_message"),
    path("transactional/", views.log, name="log"),
    path("transactional/keys/", views.keys, name="keys"),
    path("transactional/keys/new/", views.new_key, name="new_key"),
    path("transactional/keys/<int:pk>/revoke/", views.revoke, name="revoke"),
    path("transactional/guide/", views.guide, name="guide"),
]

"""Routes of deliverability."""

from django.urls import path

from deliverability import views

app_name = "deliverability"
urlpatterns = [
    path("senders/", views.senders, name="senders"),
    path("senders/new/", views.new_sender, name="new_sender"),
    path("senders/<int:pk>/", views.sender, name="sender"),
    path("senders/<int:pk>/remove/", views.remove, name="remove_sender"),
]

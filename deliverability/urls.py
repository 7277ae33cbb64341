"""Routes of deliverability."""

from django.urls import path

from deliverability import views
from deliverability.views import warmup

app_name = "deliverability"
urlpatterns = [
    path("senders/", views.senders, name="senders"),
    path("senders/new/", views.new_sender, name="new_sender"),
    path("senders/<int:pk>/", views.sender, name="sender"),
    path("warmups/", warmup.warmups, name="warmups"),
    path("warmups/domains/<int:pk>/start/", warmup.start, name="start_warmup"),
    path("warmups/<int:pk>/", warmup.plan, name="warmup"),
    path("warmups/<int:pk>/keep/", warmup.keep, name="keep_warmup"),
    path("warmups/<int:pk>/release/", warmup.release, name="release_warmup"),
    path("warmups/<int:pk>/finish/", warmup.finish, name="finish_warmup"),
    path("senders/<int:pk>/bounces/", views.bounces, name="bounces"),
    path("senders/<int:pk>/remove/", views.remove, name="remove_sender"),
]

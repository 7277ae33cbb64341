"""Routes of contacts. The public doors are short: they stand in mails and on other people's sites."""

from django.urls import path

from contacts.views import public

app_name = "contacts"
urlpatterns = [
    path("s/<slug:slug>/", public.subscribe, name="subscribe"),
    path("y/<str:token>", public.confirm, name="confirm"),
]

"""Routes of the test inbox."""

from django.urls import path

from catcher import views

app_name = "catcher"
urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/clear/", views.clear, name="clear"),
    path("inbox/<int:pk>/", views.message, name="message"),
    path("inbox/<int:pk>/body/", views.body, name="body"),
    path("inbox/<int:pk>/message.eml", views.download, name="download"),
]

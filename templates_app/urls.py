from django.urls import path

from templates_app import views

app_name = "templates"
urlpatterns = [
    path("templates/", views.gallery, name="list"),
    path("templates/new/", views.new, name="new"),
    path("templates/starters/<slug:key>/<slug:language>/", views.starter, name="starter"),
    path("templates/check/", views.check, name="check"),
    path("templates/message/", views.message, name="message"),
    path("templates/readers/", views.readers, name="readers"),
    path("templates/<int:pk>/", views.edit, name="edit"),
    path("templates/<int:pk>/versions/", views.versions, name="versions"),
    path("templates/<int:pk>/duplicate/", views.duplicate, name="duplicate"),
    path("templates/<int:pk>/delete/", views.delete, name="delete"),
    path("templates/versions/<int:pk>/", views.version, name="version"),
    path("templates/versions/<int:pk>/restore/", views.restore, name="restore"),
]

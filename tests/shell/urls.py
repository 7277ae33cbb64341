"""The real routes, and the gallery beside them."""

from django.urls import include, path

from tests.shell.gallery import gallery

urlpatterns = [path("design/", gallery, name="gallery"), path("", include("config.urls"))]

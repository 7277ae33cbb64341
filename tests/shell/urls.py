"""The real routes, and the gallery beside them."""

from django.urls import include, path

from config.urls import handler400, handler403, handler404, handler500
from tests.shell.gallery import gallery, public_gallery

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    path("design/", gallery, name="gallery"),
    path("design/public/", public_gallery, name="public_gallery"),
    path("", include("config.urls")),
]

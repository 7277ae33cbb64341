"""Routes: each app's own file, under its own name. Public doors (links in mails) are short on purpose."""

from django.contrib import admin
from django.urls import include, path

from config import errors

urlpatterns = [
    path("", include("analytics.urls")),
    path("", include("accounts.urls")),
    path("", include("sample.urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("contacts.urls")),
    path("", include("feedback.urls")),
    path("admin/", admin.site.urls),
    path("", include("catcher.urls")),
    path("", include("deliverability.urls")),
    path("", include("delivery.urls")),
    path("", include("campaigns.urls")),
    path("", include("templates_app.urls")),
    path("", include("transactional.urls")),
]

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.page_not_found
handler500 = errors.server_error

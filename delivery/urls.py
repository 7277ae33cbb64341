"""Routes of sending. The door of "view in browser" is short: it stands in mails."""

from django.urls import path

from delivery import views
from delivery.views import alignment, limits, restored, streams, support

app_name = "delivery"
urlpatterns = [
    path("providers/", views.providers, name="providers"),
    path("providers/new/", views.choose_kind, name="choose_kind"),
    path("providers/new/<slug:kind>/", views.new_provider, name="new_provider"),
    path("providers/<int:pk>/", views.provider, name="provider"),
    path("providers/<int:pk>/limits/", limits.limits, name="limits"),
    path("providers/<int:pk>/limits/<int:group>/", limits.mailbox, name="mailbox_limits"),
    path("providers/<int:pk>/test/", views.test_provider, name="test_provider"),
    path("providers/<int:pk>/default/", views.make_default, name="make_default"),
    path("domains/<int:domain>/", alignment.accounts, name="domain"),
    path("providers/<int:pk>/domains/", alignment.domains, name="alignments"),
    path("providers/<int:pk>/domains/<int:domain>/", alignment.domain, name="alignment"),
    path("providers/<int:pk>/domains/<int:domain>/look/", alignment.look, name="look_up"),
    path("providers/<int:pk>/domains/<int:domain>/word/", alignment.say, name="confirm_alignment"),
    path("providers/<int:pk>/well/", streams.use_again, name="use_again"),
    path("streams/", streams.streams, name="streams"),
    path("streams/new/", streams.new_stream, name="new_stream"),
    path("streams/<int:pk>/", streams.stream, name="stream"),
    path("streams/<int:pk>/providers/", streams.place, name="place"),
    path("streams/<int:pk>/remove/", streams.remove, name="remove_stream"),
    path("lists/<int:pk>/mail/", views.list_mail, name="list_mail"),
    path("test-send/", views.test_send, name="test_send"),
    path("messages/", support.finder, name="finder"),
    path("mailings/<int:pk>/doubts/", support.doubts, name="doubts"),
    path("mailings/<int:pk>/doubts/settle/", support.settle_doubts, name="settle_doubts"),
    path("messages/<int:pk>/", views.message, name="message"),
    path("messages/<int:pk>/sent/", views.count_as_sent, name="count_as_sent"),
    path("messages/<int:pk>/again/", views.send_again, name="send_again"),
    path("restored/", restored.page, name="restored"),
    path("restored/<int:pk>/", restored.decide, name="decide_restored"),
    path("restored/release/", restored.release, name="release"),
    path("v/<str:token>", views.view_in_browser, name="view"),
]

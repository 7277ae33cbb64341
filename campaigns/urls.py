"""Routes of campaigns."""

from django.urls import path

from campaigns.views import editing, live, people, report, review, sending

app_name = "campaigns"
urlpatterns = [
    path("campaigns/", editing.campaign_list, name="list"),
    path("campaigns/new/", editing.new, name="new"),
    path("campaigns/<int:pk>/", editing.show, name="show"),
    path("campaigns/<int:pk>/audience/", editing.audience, name="audience"),
    path("campaigns/<int:pk>/content/", editing.content, name="content"),
    path("campaigns/<int:pk>/duplicate/", editing.duplicate, name="duplicate"),
    path("campaigns/<int:pk>/delete/", editing.delete, name="delete"),
    path("campaigns/<int:pk>/review/", review.review_page, name="review"),
    path("campaigns/<int:pk>/forecast/", review.forecast, name="forecast"),
    path("campaigns/<int:pk>/newer/", review.take_newer, name="newer"),
    path("campaigns/<int:pk>/preview/", review.preview, name="preview"),
    path("campaigns/<int:pk>/reach/", people.reach_people, name="reach"),
    path("campaigns/<int:pk>/send/", sending.send, name="send"),
    path("campaigns/<int:pk>/scheduled/", sending.scheduled, name="scheduled"),
    path("campaigns/<int:pk>/undo/", sending.undo, name="undo"),
    path("campaigns/<int:pk>/pause/", sending.pause, name="pause"),
    path("campaigns/<int:pk>/resume/", sending.resume, name="resume"),
    path("campaigns/<int:pk>/cancel/", sending.cancel, name="cancel"),
    path("campaigns/<int:pk>/go-on/", sending.go_on, name="go_on"),
    path("campaigns/<int:pk>/give-up/", sending.give_up, name="give_up"),
    path("campaigns/<int:pk>/live/", live.live_page, name="live"),
    path("campaigns/<int:pk>/report/", report.report_page, name="report"),
    path("campaigns/<int:pk>/message/", report.message, name="message"),
    path("campaigns/<int:pk>/people/", people.message_people, name="people"),
    path("campaigns/<int:pk>/people.csv", people.export, name="export"),
    path("campaigns/<int:pk>/people/<int:message_id>/settle/", people.settle, name="settle"),
]

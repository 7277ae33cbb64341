from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FeedbackConfig(AppConfig):
    name = "feedback"
    verbose_name = _("Feedback")

    def ready(self) -> None:
        from contacts.registry import erasure, holdings, timeline
        from feedback.erasing import empty_events, known_events
        from feedback.timeline import entries

        timeline.register(entries)
        erasure.register(empty_events)
        holdings.register(known_events)

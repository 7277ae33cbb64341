from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FeedbackConfig(AppConfig):
    name = "feedback"
    verbose_name = _("Feedback")

    def ready(self) -> None:
        from contacts.registry import erasure, holdings, timeline
        from delivery.registry import finders, recoveries, stories
        from feedback import receivers  # noqa: F401  connects them
        from feedback.erasing import empty_events, known_events
        from feedback.missed import asked
        from feedback.stories import messages_named, story_of
        from feedback.timeline import entries

        timeline.register(entries)
        erasure.register(empty_events)
        holdings.register(known_events)
        stories.register(story_of)
        finders.register(messages_named)
        recoveries.register(asked)

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AnalyticsConfig(AppConfig):
    name = "analytics"
    verbose_name = _("Home")

    def ready(self) -> None:
        from analytics import receivers

        assert receivers  # importing it connects the signals

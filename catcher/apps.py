from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatcherConfig(AppConfig):
    name = "catcher"
    verbose_name = _("Test inbox")

from typing import Any

from django.apps import AppConfig
from django.db import connection
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class DeliveryConfig(AppConfig):
    name = "delivery"
    verbose_name = _("Sending")

    def ready(self) -> None:
        from contacts.registry import erasure, holdings, mailed, merging, timeline, written
        from delivery import receivers  # noqa: F401  connects them
        from delivery.rights import erase_messages, give_messages, messages_held, written_since, written_to
        from delivery.timeline import messages_of

        timeline.register(messages_of)
        erasure.register(erase_messages)
        holdings.register(messages_held)
        mailed.register(written_to)
        merging.register(give_messages)
        written.register(written_since)
        post_migrate.connect(_make_catcher, sender=self)
        post_migrate.connect(_make_streams, sender=self)
        post_migrate.connect(_look_back, sender=self)


def _make_catcher(**_kwargs: Any) -> None:
    """The first run has one account: the test inbox."""
    from delivery.models import Provider
    from delivery.services import ensure_catcher

    if Provider._meta.db_table in connection.introspection.table_names():
        ensure_catcher()


def _make_streams(**_kwargs: Any) -> None:
    """Every installation has a stream of each kind; without providers of their own they use the default one."""
    from delivery.models import Stream
    from delivery.streams import ensure_streams

    if Stream._meta.db_table in connection.introspection.table_names():
        ensure_streams()


def _look_back(**_kwargs: Any) -> None:
    """Each start migrates: a restored backup is noticed before any process writes."""
    from delivery import guard
    from delivery.models import Guard

    if Guard._meta.db_table in connection.introspection.table_names():
        guard.check()

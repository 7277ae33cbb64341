from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TransactionalConfig(AppConfig):
    name = "transactional"
    verbose_name = _("Transactional")

    def ready(self) -> None:
        from contacts.registry import erasure, holdings
        from transactional.erasing import empty_requests, known_requests

        erasure.register(empty_requests)
        holdings.register(known_requests)

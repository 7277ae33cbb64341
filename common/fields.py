"""A text column encrypted at rest with the installation's encryption ring."""

import json
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


@cache
def _ring(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


class EncryptedJSONField(models.JSONField):
    """JSON whose text is a Fernet token in the database. A value another ring wrote raises InvalidToken when read."""

    description = "JSON, encrypted at rest"

    def get_internal_type(self) -> str:
        return "TextField"

    def db_type(self, connection: Any) -> str:
        return "text"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        if value is None:
            return None
        plain = _ring(settings.KEYS.encryption).decrypt(value.encode()).decode()
        return super().from_db_value(plain, expression, connection)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None:
            return None
        return _ring(settings.KEYS.encryption).encrypt(json.dumps(value).encode()).decode()


__all__ = ["EncryptedJSONField", "InvalidToken"]

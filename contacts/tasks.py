"""Celery's legs: one call each."""

from celery import shared_task

from common.locks import only_one
from contacts.services import tidy


@shared_task(queue="default")
def tidy_confirmations() -> None:
    with only_one("contacts.tidy_confirmations") as is_ours:
        if is_ours:
            tidy()

"""Celery rings, the database decides: short tasks by id, one static schedule, no results."""

import gc
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from celery import Celery
from celery.schedules import crontab, schedule
from celery.signals import worker_init, worker_process_init

app = Celery("envol")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Each tick takes an advisory lock (common/locks.py), so a second beat does no harm.
app.conf.beat_schedule = {
    "heartbeat": {
        "task": "analytics.tasks.beat",
        "schedule": schedule(5),
        "options": {"queue": "default", "expires": 15},  # without a worker they must not pile up
    },
    "due-campaigns": {"task": "campaigns.tasks.start_due", "schedule": schedule(2), "options": {"queue": "default"}},
    "delivery-sweep": {"task": "delivery.tasks.sweep", "schedule": schedule(2), "options": {"queue": "default"}},
    "imports": {"task": "contacts.tasks.resume_imports", "schedule": schedule(20), "options": {"queue": "default"}},
    "unstarted-imports": {
        "task": "contacts.tasks.sweep_imports",
        "schedule": crontab(minute=50),
        "options": {"queue": "default"},
    },
    "exports": {"task": "contacts.tasks.tend_exports", "schedule": schedule(60), "options": {"queue": "default"}},
    "mail-domains": {
        "task": "contacts.tasks.look_up_domains",
        "schedule": schedule(60),
        "options": {"queue": "default", "expires": 60},
    },
    "new-mail-domains": {
        "task": "contacts.tasks.look_up_domains",
        "schedule": crontab(hour=1, minute=50),
        "kwargs": {"is_whole": True},
        "options": {"queue": "default"},
    },
    "bulk-changes": {
        "task": "contacts.tasks.tend_changes",
        "schedule": schedule(20),
        "options": {"queue": "default", "expires": 20},
    },
    "search": {
        "task": "contacts.tasks.tend_search",
        "schedule": schedule(10),
        "options": {"queue": "default", "expires": 10},
    },
    "search-whole": {
        "task": "contacts.tasks.tend_search",
        "schedule": crontab(hour=2, minute=10),
        "kwargs": {"is_whole": True},
        "options": {"queue": "default"},
    },
    "field-indexes": {
        "task": "contacts.tasks.tend_field_indexes",
        "schedule": schedule(60),
        "options": {"queue": "bulk", "expires": 50},
    },
    "due-confirmations": {
        "task": "delivery.tasks.write_due_mails",
        "schedule": schedule(10),
        "options": {"queue": "default"},
    },
    "alerts": {"task": "delivery.tasks.tell_alerts", "schedule": schedule(30), "options": {"queue": "default"}},
    "alignments": {
        "task": "delivery.tasks.look_up_alignments",
        "schedule": schedule(60),
        "options": {"queue": "default", "expires": 60},
    },
    "tidy-confirmations": {
        "task": "contacts.tasks.tidy_confirmations",
        "schedule": crontab(minute=35),
        "options": {"queue": "default"},
    },
    "forecasts": {"task": "contacts.tasks.make_forecasts", "schedule": schedule(60), "options": {"queue": "default"}},
    "hygiene": {
        "task": "contacts.tasks.keep_clean",
        "schedule": crontab(hour=4, minute=10),
        "options": {"queue": "default"},
    },
    # numbers are at most two seconds old: one until it begins, and the count
    "apply-events": {
        "task": "feedback.tasks.apply_pending",
        "schedule": schedule(1),
        "options": {"queue": "events", "expires": 10},
    },
    "catch-up": {
        "task": "feedback.tasks.catch_up",
        "schedule": schedule(20),
        "options": {"queue": "events", "expires": 20},
    },
    "event-partitions": {
        "task": "feedback.tasks.make_partitions",
        "schedule": crontab(hour=2, minute=40),
        "options": {"queue": "default"},
    },
    "transactional-requests": {
        "task": "transactional.tasks.write_requests",
        "schedule": schedule(2),
        "options": {"queue": "transactional", "expires": 10},
    },
    "invariant": {
        "task": "delivery.tasks.check_ledgers",
        "schedule": crontab(hour=3, minute=20),
        "options": {"queue": "default"},
    },
}


@worker_init.connect
def refuse_other_keys(**_kwargs: object) -> None:
    """A worker with other keys than the database was written with would sign links nobody can open."""
    from accounts.services import check_keys

    check_keys()


@worker_process_init.connect
def spare_the_collector(**_kwargs: object) -> None:
    """What was loaded before the work began stays, and need not be walked through again and again."""
    gc.collect()
    gc.freeze()

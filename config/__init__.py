"""Wires the rest: settings, routes, Celery. Nobody imports it."""

from config.celery import app as celery_app

__all__ = ["celery_app"]

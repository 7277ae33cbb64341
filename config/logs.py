"""Logs: one line an event, readable by people by default and JSON for a collector with ENVOL_LOG_JSON=1."""

import logging
from typing import Any

import structlog


def _is_news(record: logging.LogRecord) -> bool:
    """Whoever asks /healthz reads its answer: a line for each question would bury the rest."""
    return getattr(getattr(record, "request", None), "path", "") != "/healthz"


def logging_config(*, level: str, as_json: bool) -> dict[str, Any]:
    """The dictionary for `logging.config`, with the standard library's and structlog's events in one format."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info if as_json else structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(
            # the pretty formatter would print the values of local variables: addresses, passwords
            colors=False,
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"()": structlog.stdlib.ProcessorFormatter, "processor": renderer, "foreign_pre_chain": shared}
        },
        "filters": {"news": {"()": "django.utils.log.CallbackFilter", "callback": _is_news}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django.request": {"level": "ERROR", "filters": ["news"]},
            "celery": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
        },
    }

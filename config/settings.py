"""One settings file for every installation, read from the environment (docs/running.md lists the variables).

`make run` uses these very settings over http, so that what is tried is what is run.
"""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
import environ
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from common import policies
from common.keys import load_keys
from config.logs import logging_config

django_stubs_ext.monkeypatch()  # ModelForm[…] and friends at run time

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent

# ── where things are ────────────────────────────────────────────────────────────────────────────────────────────
STATE_DIR = Path(env.str("ENVOL_STATE", default=str(BASE_DIR / ".envol")))
FILES_DIR = STATE_DIR / "files"  # uploads, refused rows, exports: never served directly
MEDIA_ROOT = FILES_DIR
PORT = env.int("PORT", default=8000)
ENVOL_URL = env.str("ENVOL_URL", default=f"http://localhost:{PORT}").rstrip("/")
# Links and pixels may live on a host of their own; the address is frozen into each mailing when it starts.
TRACKING_URL = env.str("ENVOL_TRACKING_URL", default=ENVOL_URL).rstrip("/")

# ── keys: three rings (session, link signing, encryption); see common/keys.py ───────────────────────────────────
KEYS = load_keys(env.str("ENVOL_KEYS", default=""), STATE_DIR / "keys.json")
SECRET_KEY, *SECRET_KEY_FALLBACKS = KEYS.session

# ── hosts and cookies follow ENVOL_URL ──────────────────────────────────────────────────────────────────────────
DEBUG = env.bool("DEBUG", default=False)
_url = urlsplit(ENVOL_URL)
_tracking = urlsplit(TRACKING_URL)
IS_HTTPS = _url.scheme == "https"
ALLOWED_HOSTS = [host for host in {_url.hostname, _tracking.hostname} if host]
if _url.hostname in {"localhost", "127.0.0.1"}:
    ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [ENVOL_URL]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = IS_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"
SESSION_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"

# ── apps, in the order of the floors (docs/architecture.md) ─────────────────────────────────────────────────────
INSTALLED_APPS = [
    "common",
    "accounts",
    "contacts",
    "catcher",
    "templates_app",
    "deliverability",
    "delivery",
    "feedback",
    "transactional",
    "campaigns",
    "analytics",
    "sample",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "anymail",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_htmx",
    "import_export",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.PersonalSettingsMiddleware",
    "accounts.middleware.SignInRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.shell",
                "analytics.context.health",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"

# ── PostgreSQL and Redis ────────────────────────────────────────────────────────────────────────────────────────
DATABASES = {"default": env.db_url("DATABASE_URL", default="postgres:///envol")}
DATABASES["default"] |= {"ENGINE": "django.db.backends.postgresql", "CONN_HEALTH_CHECKS": True}
# A pool for the web processes only: Celery closes a pool in its prefork children after each task. As large as the
# threads of the pages and of the doors together (config/asgi.py).
if env.bool("ENVOL_WEB", default=False):
    DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 1, "max_size": 16, "timeout": 10}}
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 600
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="redis://localhost:6379/0")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

# ── Celery: a doorbell, never a ledger (docs/reliability.md) ────────────────────────────────────────────────────
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "default"
# Longer than any lease (15 minutes), so that a task is never cut in the middle of a window it may still settle.
CELERY_TASK_TIME_LIMIT = int(timedelta(minutes=40).total_seconds())
CELERY_TASK_SOFT_TIME_LIMIT = int(timedelta(minutes=35).total_seconds())
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

# ── sending: what trials and tests shorten; the defaults are part of what docs/reliability.md promises ───────────
LEASE_SECONDS = env.float("ENVOL_LEASE_SECONDS", default=0)  # 0 = by kind of provider (delivery/capabilities.py)
# A killed process's connections are free for others after so long; a beat every fifth of it.
PLACE_SECONDS = env.float("ENVOL_PLACE_SECONDS", default=20)
# A window is the most that one crash can leave in doubt.
WINDOW_SIZE = env.int("ENVOL_WINDOW_SIZE", default=100)
# Seconds until a deferred message is tried again, a step a try, about a day in all; then the server had its chance.
RETRY_STEPS = env.list(
    "ENVOL_RETRY_STEPS", cast=float, default=[60, 300, 900, 1800, 3600, 7200, 14400, 14400, 21600, 21600]
)

# ── the DNS: who keeps the mailboxes of company domains. Empty = the machine's own name servers ─────────────────────
NAMESERVERS = env.list("ENVOL_NAMESERVERS", default=[])
DNS_SECONDS = env.float("ENVOL_DNS_SECONDS", default=5)  # for one domain, every server and try together

# ── mail written by the system itself (password reset, …): the catcher unless EMAIL_URL says otherwise ──────────
CATCHER_PORT = env.int("ENVOL_CATCHER_PORT", default=2525)
vars().update(env.email_url("EMAIL_URL", default=f"smtp://127.0.0.1:{CATCHER_PORT}"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("ENVOL_SYSTEM_SENDER", default=f"Envol <envol@{_url.hostname}>")

# ── people ──────────────────────────────────────────────────────────────────────────────────────────────────────
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("analytics:home")
LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/300s/key", "reset_password": "20/m/ip,5/m/key"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Envol"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # an administrator made the account and vouches for its address

# ── languages ───────────────────────────────────────────────────────────────────────────────────────────────────
LANGUAGE_CODE = "en"
LANGUAGES = [("fr", _("French")), ("en", _("English"))]
LOCALE_PATHS = sorted(path for path in (BASE_DIR / "locale").glob("*") if path.is_dir())
USE_TZ = True
TIME_ZONE = "UTC"

# ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────
STATIC_URL = "/static/"
STATIC_ROOT = STATE_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MAX_AGE = 3600
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000  # form fields and webhooks; files are streamed to disk
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

# ── content security policies: one file, four names ─────────────────────────────────────────────────────────────
CONTENT_SECURITY_POLICY = {"DIRECTIVES": policies.PAGE}

LOGGING = logging_config(
    level=env.str("ENVOL_LOG_LEVEL", default="INFO"), as_json=env.bool("ENVOL_LOG_JSON", default=False)
)
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008", "security.W012", "security.W016"]  # they follow ENVOL_URL

from tests.database import django_db_setup
from tests.fixtures import admin_client, english, ines, no_place, olivier, organisation, team_client

__all__ = ["admin_client", "django_db_setup", "english", "ines", "no_place", "olivier", "organisation", "team_client"]

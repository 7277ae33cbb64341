from tests.fixtures import admin_client, ines, olivier, organisation, team_client

__all__ = ["admin_client", "ines", "olivier", "organisation", "team_client"]

"""The index a brake counts by, built beside whoever is sending."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("delivery", "0010_waves")]
    operations = [
        AddIndexConcurrently(
            "outcome",
            models.Index(
                fields=["message"],
                name="outcome_alarms",
                condition=models.Q(complained_at__isnull=False) | models.Q(is_hard_bounce=True),
            ),
        )
    ]

"""The index of urgent batches, built beside whoever is sending."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("delivery", "0013_streams")]
    operations = [
        AddIndexConcurrently(
            "batch",
            models.Index(fields=["due_at"], name="batch_urgent", condition=models.Q(state=0, is_urgent=True)),
        )
    ]

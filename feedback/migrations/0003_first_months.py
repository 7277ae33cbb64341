"""The months of the past 14 days and the next three; later ones are made ahead by a periodic task."""

from django.db import migrations
from django.utils import timezone

from feedback.partitions import make_partitions


def forward(apps, schema_editor):
    make_partitions(today=timezone.now().date())


class Migration(migrations.Migration):
    dependencies = [("feedback", "0002_event_table")]
    operations = [migrations.RunPython(forward, migrations.RunPython.noop)]

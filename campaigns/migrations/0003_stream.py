"""By which stream a campaign leaves."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0002_rhythm'),
        ('delivery', '0013_streams'),
    ]

    operations = [
        migrations.AddField(
            model_name='campaign',
            name='stream',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='campaigns', to='delivery.stream', verbose_name='stream'),
        ),
    ]

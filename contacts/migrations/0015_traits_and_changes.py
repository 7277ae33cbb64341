import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('contacts', '0014_people_on_a_break'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='contact',
            index=models.Index(fields=['mx_group', 'language', 'open_consent', 'click_consent'], name='contact_traits'),
        ),
        AddIndexConcurrently(
            model_name='contact',
            index=django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=['updated_at'], name='contact_changed'),
        ),
    ]

"""The address bounces of a content go to."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('delivery', '0020_look_up_alignment'),
    ]

    operations = [
        migrations.AddField(
            model_name='content',
            name='bounce_address',
            field=models.CharField(blank=True, db_default='', max_length=290),
        ),
    ]

"""Where bounces of a domain go."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('deliverability', '0003_warmup'),
    ]

    operations = [
        migrations.AddField(
            model_name='sendingdomain',
            name='bounce_address',
            field=models.CharField(blank=True, db_default='', max_length=290, verbose_name='address for bounces'),
        ),
    ]

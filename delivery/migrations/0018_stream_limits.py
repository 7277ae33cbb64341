"""Limits of a stream, and its count of a day."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('delivery', '0017_alerts'),
    ]

    operations = [
        migrations.CreateModel(
            name='StreamDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.DateField()),
                ('reserved_count', models.IntegerField(db_default=0)),
                ('stream', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='delivery.stream')),
            ],
            options={
                'verbose_name': "count of a stream's day",
                'constraints': [models.UniqueConstraint(fields=('stream', 'on'), name='one_stream_count_a_day')],
            },
        ),
        migrations.CreateModel(
            name='StreamLimit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('unit', models.IntegerField(choices=[(1, 'messages a second'), (60, 'messages a minute'), (3600, 'messages an hour'), (86400, 'messages a day')], verbose_name='unit')),
                ('amount', models.PositiveIntegerField(verbose_name='at most')),
                ('stream', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='limits', to='delivery.stream')),
            ],
            options={
                'verbose_name': 'limit of a stream',
                'constraints': [models.UniqueConstraint(fields=('stream', 'unit'), name='one_stream_limit_a_unit'), models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='a_stream_lets_something_through')],
            },
        ),
    ]

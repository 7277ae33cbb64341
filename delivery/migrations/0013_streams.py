"""Streams, outages and detours; what a mailing freezes of its stream, and through whom a batch and an outcome went."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('deliverability', '0002_sample_senders'),
        ('delivery', '0012_mail_domains'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Alignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('confirmed_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'alignment',
            },
        ),
        migrations.CreateModel(
            name='Detour',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cause', models.SmallIntegerField(choices=[(1, 'login or account refused'), (2, 'quota used up'), (3, 'server unreachable'), (4, 'sender refused')])),
                ('words', models.TextField(blank=True, db_default='')),
                ('began_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('ended_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'detour',
                'verbose_name_plural': 'detours',
            },
        ),
        migrations.CreateModel(
            name='Outage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cause', models.SmallIntegerField(choices=[(1, 'login or account refused'), (2, 'quota used up'), (3, 'server unreachable'), (4, 'sender refused')])),
                ('domain', models.CharField(blank=True, db_default='', max_length=253)),
                ('words', models.TextField(blank=True, db_default='')),
                ('strikes', models.SmallIntegerField(db_default=1)),
                ('struck_at', models.DateTimeField()),
                ('began_at', models.DateTimeField(null=True)),
                ('try_at', models.DateTimeField(null=True)),
                ('tries', models.SmallIntegerField(db_default=0)),
                ('ended_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'outage',
                'verbose_name_plural': 'outages',
            },
        ),
        migrations.CreateModel(
            name='Stream',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, unique=True, verbose_name='name')),
                ('kind', models.CharField(choices=[('marketing', 'Marketing'), ('transactional', 'Transactional'), ('automation', 'Automation'), ('other', 'Other')], max_length=20, verbose_name='kind')),
                ('is_default', models.BooleanField(default=False, editable=False)),
                ('tracking_policy', models.CharField(blank=True, choices=[('france', 'France (CNIL)'), ('italy', 'Italy (Garante)'), ('eu_strict', 'European Union, strict'), ('none', 'No consent needed')], default='', max_length=20, verbose_name='tracking')),
                ('scope', models.SmallIntegerField(choices=[(0, 'Every suppression: of everything, of marketing, of the list'), (1, 'Only suppressions of everything: dead addresses, complaints, erasures')], default=0, verbose_name='suppressions that hold')),
                ('repeats_doubts', models.BooleanField(default=False, verbose_name='rather twice than never')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'verbose_name': 'stream',
                'verbose_name_plural': 'streams',
            },
        ),
        migrations.CreateModel(
            name='StreamProvider',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.SmallIntegerField()),
            ],
            options={
                'verbose_name': 'provider of a stream',
                'ordering': ('position', 'pk'),
            },
        ),
        migrations.AddField(
            model_name='batch',
            name='is_urgent',
            field=models.BooleanField(db_default=False),
        ),
        migrations.AddField(
            model_name='batch',
            name='moved_round',
            field=models.SmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='mailing',
            name='is_pinned',
            field=models.BooleanField(db_default=True),
        ),
        migrations.AddField(
            model_name='mailing',
            name='repeats_doubts',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='outcome',
            name='provider',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='delivery.provider'),
        ),
        migrations.AddField(
            model_name='alignment',
            name='confirmed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='alignment',
            name='domain',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='deliverability.sendingdomain'),
        ),
        migrations.AddField(
            model_name='alignment',
            name='provider',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='alignments', to='delivery.provider'),
        ),
        migrations.AddField(
            model_name='detour',
            name='mailing',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='detours', to='delivery.mailing'),
        ),
        migrations.AddField(
            model_name='detour',
            name='provider',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='delivery.provider'),
        ),
        migrations.AddField(
            model_name='outage',
            name='provider',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='outages', to='delivery.provider'),
        ),
        migrations.AddField(
            model_name='stream',
            name='domain',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='streams', to='deliverability.sendingdomain', verbose_name='sending domain'),
        ),
        migrations.AddField(
            model_name='mailing',
            name='stream',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='mailings', to='delivery.stream'),
        ),
        migrations.AddField(
            model_name='streamprovider',
            name='provider',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='delivery.provider'),
        ),
        migrations.AddField(
            model_name='streamprovider',
            name='stream',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='order', to='delivery.stream'),
        ),
        migrations.AddField(
            model_name='stream',
            name='providers',
            field=models.ManyToManyField(related_name='streams', through='delivery.StreamProvider', to='delivery.provider'),
        ),
        migrations.AddConstraint(
            model_name='alignment',
            constraint=models.UniqueConstraint(fields=('domain', 'provider'), name='one_alignment'),
        ),
        migrations.AddConstraint(
            model_name='detour',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('mailing',), name='one_open_detour'),
        ),
        migrations.AddConstraint(
            model_name='outage',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('provider', 'cause', 'domain'), name='one_open_outage'),
        ),
        migrations.AddConstraint(
            model_name='streamprovider',
            constraint=models.UniqueConstraint(fields=('stream', 'provider'), name='a_provider_once_a_stream'),
        ),
        migrations.AddConstraint(
            model_name='stream',
            constraint=models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('kind',), name='one_default_stream_a_kind'),
        ),
        migrations.AddConstraint(
            model_name='stream',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'marketing'), _negated=True), ('scope', 0), _connector='OR'), name='marketing_heeds_unsubscribes'),
        ),
        migrations.AddConstraint(
            model_name='stream',
            constraint=models.CheckConstraint(condition=models.Q(('repeats_doubts', False), ('kind', 'transactional'), _connector='OR'), name='only_transactional_repeats_doubts'),
        ),
    ]

"""Whose connections count: those of processes that are alive."""

from django.db import migrations, models

VIEW = """
-- Connections in use: claims of processes whose heart beats; of those that name none (claimed by the release before),
-- until their leases are over. One more condition on the few claimed rows, probed by a key.
create view delivery_connection as
select b.provider_id, b.mx_group, b.id as batch_id
  from delivery_batch b
 where b.state = 1
   and (b.process is null
        or exists (select 1 from delivery_process p where p.number = b.process and p.alive_until > clock_timestamp()))
"""


class Migration(migrations.Migration):
    dependencies = [("delivery", "0018_stream_limits")]

    operations = [
        migrations.CreateModel(
            name="Process",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("alive_until", models.DateTimeField()),
            ],
            options={"verbose_name": "sending process"},
        ),
        migrations.AddField("batch", "process", models.BigIntegerField(null=True)),
        migrations.RunSQL(VIEW, "drop view delivery_connection"),
    ]

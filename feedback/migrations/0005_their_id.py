"""Messages are found by the id their provider gave them; only webhooks carry one."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("feedback", "0004_webhook_state")]
    operations = [
        migrations.RunSQL(
            "create index feedback_event_their_id on feedback_event ((details ->> 'id')) where details ? 'id'",
            "drop index feedback_event_their_id",
        )
    ]

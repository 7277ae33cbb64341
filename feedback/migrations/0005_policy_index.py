"""Messages turned away for policy or reputation are few, and looked for on the home page."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("feedback", "0004_webhook_state")]
    operations = [
        migrations.RunSQL(
            "create index feedback_event_policy on feedback_event (stored_at) where bounce_class = 4",
            "drop index feedback_event_policy",
        )
    ]

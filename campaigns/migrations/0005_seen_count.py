"""How many people the review page had shown when somebody pressed "send"."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("campaigns", "0004_first_wave"),
    ]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="seen_count",
            field=models.PositiveIntegerField(editable=False, null=True),
        ),
    ]

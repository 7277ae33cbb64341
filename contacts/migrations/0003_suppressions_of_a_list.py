"""Suppressions of one list beside those of everything and of marketing: built beside the old index, then swapped."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

_SCOPE = "create unique index concurrently one_suppression_a_scope on contacts_suppression (address_key, scope) where contact_list_id is null"
_LIST = "create unique index concurrently one_suppression_a_list on contacts_suppression (address_key, contact_list_id) where contact_list_id is not null"
_CHECK = "alter table contacts_suppression add constraint suppression_of_a_list_names_it check ((contact_list_id is not null and scope = 2) or (contact_list_id is null and scope < 2)) not valid"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("contacts", "0002_consent_desk")]

    operations = [
        migrations.RunSQL(
            _SCOPE,
            "drop index one_suppression_a_scope",
            state_operations=[
                migrations.AddConstraint(
                    "suppression",
                    models.UniqueConstraint(
                        fields=["address_key", "scope"],
                        condition=models.Q(contact_list=None),
                        name="one_suppression_a_scope",
                    ),
                )
            ],
        ),
        migrations.RunSQL(
            _LIST,
            "drop index one_suppression_a_list",
            state_operations=[
                migrations.AddConstraint(
                    "suppression",
                    models.UniqueConstraint(
                        fields=["address_key", "contact_list"],
                        condition=models.Q(contact_list__isnull=False),
                        name="one_suppression_a_list",
                    ),
                )
            ],
        ),
        AddIndexConcurrently("suppression", models.Index(fields=["address_key"], name="suppression_address")),
        migrations.RemoveConstraint("suppression", "one_suppression"),
        migrations.RunSQL(
            [_CHECK, "alter table contacts_suppression validate constraint suppression_of_a_list_names_it"],
            "alter table contacts_suppression drop constraint suppression_of_a_list_names_it",
            state_operations=[
                migrations.AddConstraint(
                    "suppression",
                    models.CheckConstraint(
                        condition=models.Q(scope=2, contact_list__isnull=False)
                        | models.Q(scope__lt=2, contact_list__isnull=True),
                        name="suppression_of_a_list_names_it",
                    ),
                )
            ],
        ),
    ]

"""When somebody last did something of their own; what only the sample wrote goes. Both are changes of the catalogue."""

from django.db import migrations, models

# What was confirmed and chosen so far counts: the ledger of consents knows it.
_KNOWN = """
insert into contacts_engagement as e (contact_id, last_own_at)
select k.contact_id, max(k.at)
from contacts_consent k
join contacts_consentstatement s on s.id = k.statement_id
join contacts_contact c on c.id = k.contact_id
where s.origin = 'preferences' or k.confirmation_id is not null
group by k.contact_id
on conflict (contact_id) do update set last_own_at = excluded.last_own_at
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0008_mail_domains")]

    operations = [
        migrations.RemoveField("engagement", "last_mailed_at"),
        migrations.AddField("engagement", "last_own_at", models.DateTimeField(null=True)),
        migrations.RunSQL(_KNOWN, migrations.RunSQL.noop),
    ]

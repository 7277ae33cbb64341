import django.db.models.deletion
from django.db import migrations, models

# Whatever deletes a contact: once for all people of a statement, after it has waited for whoever holds one of them.
TRIGGER = """
create function contacts_take_along() returns trigger language plpgsql as $$
begin
    delete from contacts_subscription s using gone where s.contact_id = gone.id;
    delete from contacts_consent x using gone where x.contact_id = gone.id;
    return null;
end
$$;
create trigger take_along after delete on contacts_contact
    referencing old table as gone for each statement execute function contacts_take_along();
"""
BACK = "drop trigger take_along on contacts_contact; drop function contacts_take_along();"


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0010_fields_and_bulk_changes'),
    ]

    operations = [
        migrations.AlterField(
            model_name='subscription',
            name='contact',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='subscriptions', to='contacts.contact'),
        ),
        migrations.RunSQL(TRIGGER, BACK),
    ]

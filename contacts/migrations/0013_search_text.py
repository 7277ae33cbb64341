from django.db import migrations, models

# A row goes with its contact, whoever deletes it, and follows a change of address or name.
FOLLOW = """
alter table contacts_searchtext add constraint search_text_of_a_contact
    foreign key (contact_id) references contacts_contact (id) on delete cascade;
create function contacts_search_text_follows() returns trigger language plpgsql as $$
begin
    update contacts_searchtext set text = new.address_key || ' ' || new.sort_key where contact_id = new.id;
    return null;
end
$$;
create trigger contact_search_text after update of address_key, sort_key on contacts_contact
    for each row when (old.address_key <> new.address_key or old.sort_key <> new.sort_key)
    execute function contacts_search_text_follows();
"""
LEAVE = """
drop trigger contact_search_text on contacts_contact;
drop function contacts_search_text_follows();
"""


def add_trigrams(apps, schema_editor):
    """Where the server has pg_trgm and lets us; without it a search finds by beginnings."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "select exists (select 1 from pg_extension where extname = 'pg_trgm'),"
            " exists (select 1 from pg_available_extensions where name = 'pg_trgm')"
            " and has_database_privilege(current_database(), 'create')"
        )
        is_there, is_possible = cursor.fetchone()
        if not is_there and is_possible:
            cursor.execute("create extension if not exists pg_trgm")
        if is_there or is_possible:
            cursor.execute("create index search_text_parts on contacts_searchtext using gin (text gin_trgm_ops)")


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0012_hygiene'),
    ]

    operations = [
        migrations.CreateModel(
            name='SearchText',
            fields=[
                ('contact_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('text', models.TextField()),
            ],
        ),
        migrations.RunSQL(FOLLOW, LEAVE),
        migrations.RunPython(add_trigrams, migrations.RunPython.noop),
    ]

-- Values from before, where nobody changed them since: what an import wrote and somebody corrected stays corrected.
with told as (
    select i.contact_id as id, i.before
    from contacts_importedcontact i
    where i.contact_import_id = %(import)s and i.contact_id = any(%(people)s) and i.effect & 2 = 2
    order by i.contact_id
)
update contacts_contact c set
    first_name = case when c.first_name = told.before #>> '{first_name,1}'
        then told.before #>> '{first_name,0}' else c.first_name end,
    last_name = case when c.last_name = told.before #>> '{last_name,1}'
        then told.before #>> '{last_name,0}' else c.last_name end,
    language = case when c.language = told.before #>> '{language,1}'
        then told.before #>> '{language,0}' else c.language end,
    fields = coalesce((
        select c.fields
            - array_agg(field.key)
            || coalesce(jsonb_object_agg(field.key, field.value -> 0) filter (where field.value -> 0 <> 'null'), '{}')
        from jsonb_each(told.before -> 'fields') field
        where c.fields -> field.key = field.value -> 1
    ), c.fields),
    updated_at = statement_timestamp()
from told
where c.id = told.id
returning c.id, c.first_name, c.last_name, c.address_key, c.sort_key

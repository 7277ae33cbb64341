-- Who of a chunk is known: one index probe of one_contact a row, then by contact id. An empty cell says nothing, so it
-- changes nothing. `is_out`: left all mail, complained, was erased, or the file says so. `was_seen`: stands earlier in
-- this file; not by `exists`, which the planner takes for a hash of all the import has met, made anew for each chunk.
insert into contacts_matched (ord, contact_id, is_changed, was_seen, subscription_state, is_out)
select
    s.ord,
    c.id,
    (s.first_name <> '' and s.first_name <> c.first_name)
        or (s.last_name <> '' and s.last_name <> c.last_name)
        or (s.language <> '' and s.language <> c.language)
        or (s.fields <> '{}' and c.fields || s.fields <> c.fields),
    coalesce((
        select true from contacts_importedcontact i
        where i.contact_import_id = %(import)s and i.contact_id = c.id
    ), false),
    sub.state,
    s.fate <> 0 or exists (
        select from contacts_suppression x
        where x.address_key = s.address_key and x.reason in (20, 23, 25)
            and (x.contact_list_id is null or x.contact_list_id = %(list)s)
    )
from contacts_staging s
join contacts_contact c on c.address_key = s.address_key
left join contacts_subscription sub on sub.contact_id = c.id and sub.contact_list_id = %(list)s

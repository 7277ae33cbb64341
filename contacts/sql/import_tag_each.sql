-- The tags that rows ask for; whom a tag is on already keeps it as it was.
insert into contacts_contacttag (tag_id, contact_id, contact_import_id)
select told.tag_id, c.id, %(import)s
from unnest(%(numbers)s::bigint[], %(keys)s::varchar[]) as told (tag_id, address_key)
join contacts_contact c on c.address_key = told.address_key
order by told.tag_id, c.id
on conflict do nothing

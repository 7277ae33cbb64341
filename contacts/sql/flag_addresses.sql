-- Flags of a few addresses among many: those of a block that deserve one, by one index probe each.
insert into contacts_addressflag (kind, contact_id, suggestion)
select told.kind, c.id, told.suggestion
from unnest(%(keys)s::text[], %(kinds)s::smallint[], %(suggestions)s::text[]) as told (address_key, kind, suggestion)
join contacts_contact c on c.address_key = told.address_key
order by told.kind, c.id
on conflict do nothing

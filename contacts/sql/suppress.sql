-- Many addresses at once. The first reason stands, except that a complaint outranks what was known before; in the
-- order of the keys, so that two blocks never deadlock.
insert into contacts_suppression as s (address_key, reason, scope, origin, created_at)
select told.address_key, %(reason)s, %(scope)s, %(origin)s, %(at)s
from unnest(%(keys)s::text[]) as told (address_key)
order by told.address_key
on conflict (address_key, scope) where contact_list_id is null
    do update set reason = excluded.reason, origin = excluded.origin
where excluded.reason = %(complained)s and s.reason <> %(complained)s

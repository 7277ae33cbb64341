-- A block of quiet people onto the win-back list, and noted. Who left that list stays off it; who was on it before is
-- not the rule's to take away.
with joined as (
    insert into contacts_subscription (contact_id, contact_list_id, state)
    select id, %(list)s, 1 from unnest(%(ids)s::bigint[]) as told (id)
    order by id
    on conflict (contact_id, contact_list_id) do nothing
    returning contact_id
)
insert into contacts_sunset (contact_id, state, contact_list_id, joined, asked_at, moved_at)
select told.id, 1, %(list)s, exists (select from joined where joined.contact_id = told.id), %(at)s, %(at)s
from unnest(%(ids)s::bigint[]) as told (id)
order by told.id
on conflict (contact_id) do update set
    state = 1, contact_list_id = excluded.contact_list_id, joined = excluded.joined, asked_at = excluded.asked_at,
    moved_at = excluded.moved_at
where contacts_sunset.state = 3

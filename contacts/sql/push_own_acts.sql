-- The latest act of many people's own hands; a repeated or late one changes nothing.
insert into contacts_engagement as e (contact_id, last_own_at)
select told.id, told.acted
from unnest(%(ids)s::bigint[], %(acted)s::timestamptz[]) as told (id, acted)
join contacts_contact c on c.id = told.id
order by told.id
on conflict (contact_id) do update set last_own_at = excluded.last_own_at
where e.last_own_at is null or e.last_own_at < excluded.last_own_at

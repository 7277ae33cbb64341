-- Soft bounces in a row of many contacts, counted by feedback from its events. Unchanged rows are not written.
insert into contacts_engagement as e (contact_id, soft_bounce_count)
select told.id, told.bounces
from unnest(%(ids)s::bigint[], %(counts)s::smallint[]) as told (id, bounces)
join contacts_contact c on c.id = told.id
order by told.id
on conflict (contact_id) do update set soft_bounce_count = excluded.soft_bounce_count
where e.soft_bounce_count <> excluded.soft_bounce_count

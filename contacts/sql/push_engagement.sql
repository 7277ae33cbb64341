-- Engagement of many contacts at once: events come in blocks, so one statement per block. greatest() skips nulls, and
-- a repeated or late event changes nothing. Rows are taken in the order of ids, so that two blocks never deadlock.
insert into contacts_engagement as e (contact_id, last_opened_on, last_clicked_at)
select told.id, told.opened, told.clicked
from unnest(%(ids)s::bigint[], %(opened)s::date[], %(clicked)s::timestamptz[]) as told (id, opened, clicked)
join contacts_contact c on c.id = told.id
order by told.id
on conflict (contact_id) do update set
    last_opened_on = greatest(e.last_opened_on, excluded.last_opened_on),
    last_clicked_at = greatest(e.last_clicked_at, excluded.last_clicked_at)

-- Whom the file itself says not to mail: suppressed before anybody is matched, so that they join nothing. The first
-- reason stands, except that a complaint outranks; unsubscribed people and the team's bans are out of marketing.
insert into contacts_suppression as s (address_key, reason, scope, origin)
select address_key, fate, case when fate in (20, 24) then 1 else 0 end, %(origin)s
from contacts_staging
where fate <> 0
order by address_key
on conflict (address_key, scope) where contact_list_id is null
    do update set reason = excluded.reason, origin = excluded.origin
where excluded.reason = 23 and s.reason <> 23

-- People a campaign still reaches who have given no sign of life since %(before)s, a block in the order of ids: one walk
-- through the contacts, one probe each of what they did, of a list and of the suppressions. A sample is nobody.
-- A new contact counts from the day they came. Scalar sub-selects stay probes: as joins each block read the index of all
-- subscriptions from its beginning.
select c.id, a.alive_at
from contacts_contact c
left join contacts_engagement e on e.contact_id = c.id
cross join lateral (
    select greatest(
        c.created_at, e.last_clicked_at, e.last_own_at,
        case when %(counts_opens)s then e.last_opened_on::timestamptz end
    ) as alive_at
) a
where c.id > %(cursor)s and not c.is_sample and a.alive_at <= %(before)s
    and (select 1 from contacts_subscription s where s.contact_id = c.id and s.state = 1 limit 1) is not null
    and (select 1 from contacts_suppression u where u.address_key = c.address_key and u.scope < 2 limit 1) is null
    and (select 1 from contacts_sunset q where q.contact_id = c.id and q.state < 3) is null
order by c.id
limit %(size)s

-- People whose last act of their own is older than %(before)s, whether or not a campaign reaches them: an open is no act
-- (rules of the CNIL for prospects). Who was asked since and whose mail left is not asked again; whom a contract binds
-- (a list with that legal basis) is kept for as long as it does.
select c.id, a.alive_at
from contacts_contact c
left join contacts_engagement e on e.contact_id = c.id
cross join lateral (select greatest(c.created_at, e.last_clicked_at, e.last_own_at) as alive_at) a
where c.id > %(cursor)s and not c.is_sample and a.alive_at <= %(before)s
    and (
        select 1 from contacts_subscription s
        join contacts_contactlist l on l.id = s.contact_list_id
        where s.contact_id = c.id and s.state = 1 and l.legal_basis = 'contract' limit 1
    ) is null
    and (
        select 1 from contacts_confirmation q
        where q.contact_id = c.id and q.kind = %(stay)s and (q.state = 0 or q.mailed_at > a.alive_at) limit 1
    ) is null
order by c.id
limit %(size)s

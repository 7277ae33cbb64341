-- People whose addresses are one mailbox: `contacts_spelling` holds those written with tags or dots, under the mailbox
-- they lead to; its plain spelling is in the contacts. The oldest contact stands first.
insert into contacts_duplicate (first_id, second_id, kind)
select g.oldest, other.id, %(kind)s
from (
    select canonical, min(id) as oldest, array_agg(id) as ids
    from (
        select canonical, contact_id as id from contacts_spelling
        union
        select s.canonical, c.id
        from (select distinct canonical from contacts_spelling) s
        join contacts_contact c on c.address_key = s.canonical
    ) spelt
    group by canonical
    having count(*) between 2 and 10
) g
cross join lateral unnest(g.ids) as other (id)
where other.id <> g.oldest
on conflict do nothing

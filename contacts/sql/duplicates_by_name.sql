-- The same first and last name in one organisation's domain. Private mailboxes are left out: Gmail has many Marie
-- Martins. Groups larger than ten are no duplicates but placeholders ("Test Test"). The oldest contact stands first.
insert into contacts_duplicate (first_id, second_id, kind)
select g.oldest, other.id, %(kind)s
from (
    select sort_key, split_part(address_key, '@', 2) as domain, min(id) as oldest, array_agg(id) as ids
    from contacts_contact
    where first_name <> '' and last_name <> '' and mx_group = 0 and not is_sample
    group by 1, 2
    having count(*) between 2 and 10
) g
cross join lateral unnest(g.ids) as other (id)
where other.id <> g.oldest
on conflict do nothing

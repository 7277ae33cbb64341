-- Who of a chunk stays out, and why: what the file says of them, their suppression, or that they left the list.
select ord, contact_id, address, why, has_left from (
    select
        s.ord,
        m.contact_id,
        s.address,
        coalesce(nullif(s.fate, 0), (
            select min(x.reason) from contacts_suppression x
            where x.address_key = s.address_key and x.reason in (20, 23, 25)
                and (x.contact_list_id is null or x.contact_list_id = %(list)s)
        )) as why,
        coalesce(m.subscription_state = 2, false) as has_left
    from contacts_staging s
    left join contacts_matched m on m.ord = s.ord
) outside
where why is not null or has_left
order by ord
limit %(most)s

-- Known people who are new to the list, or were waiting to confirm it, with their consent to be written to: the file's
-- proof counts as their answer. Who left the list is passed over; who is being erased waits for this, or is gone.
with joining as (
    select m.contact_id
    from contacts_matched m
    join contacts_contact c on c.id = m.contact_id
    where (m.subscription_state is null or m.subscription_state = 3) and not m.is_out and not m.was_seen
    order by c.id
    for key share of c
),
joined as (
    insert into contacts_subscription as s (contact_id, contact_list_id, state)
    select contact_id, %(list)s, 1 from joining
    on conflict (contact_id, contact_list_id) do update
        set state = 1, subscribed_at = excluded.subscribed_at
        where s.state = 3
    returning contact_id
)
insert into contacts_consent (contact_id, contact_list_id, statement_id, purpose, state)
select contact_id, %(list)s, %(statement)s, 'mailing', 1 from joined

-- A block of people onto a list, each with a consent on the statement. Who left the list, or must not be mailed by a
-- campaign or on this list, is passed over: a team's click brings nobody back. Who was waiting to confirm is on it now.
-- The condition reads two unique indexes per person; the block is taken in the order of ids, as an import takes it.
with asked as (
    select c.id
    from contacts_contact c
    where c.id = any(%(ids)s)
        and not exists (
            select 1 from contacts_suppression s
            where s.address_key = c.address_key and (s.contact_list_id is null or s.contact_list_id = %(list)s)
        )
),
joined as (
    insert into contacts_subscription as s (contact_id, contact_list_id, state)
    select id, %(list)s, 1 from asked order by id
    on conflict (contact_id, contact_list_id) do update
        set state = 1, subscribed_at = excluded.subscribed_at
        where s.state = 3
    returning contact_id
),
agreed as (
    insert into contacts_consent (contact_id, contact_list_id, statement_id, purpose, state)
    select contact_id, %(list)s, %(statement)s, 'mailing', 1 from joined
)
select count(*) from joined

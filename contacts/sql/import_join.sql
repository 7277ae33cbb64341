-- Known people who are new to the list, with their consent to be written to. Who left it has a row and is passed over.
with joined as (
    insert into contacts_subscription (contact_id, contact_list_id, state)
    select contact_id, %(list)s, 1
    from contacts_matched
    where subscription_state is null and not is_out and not was_seen
    order by contact_id
    on conflict (contact_id, contact_list_id) do nothing
    returning contact_id
)
insert into contacts_consent (contact_id, contact_list_id, statement_id, purpose, state)
select contact_id, %(list)s, %(statement)s, 'mailing', 1 from joined

-- A block of people off a list, each with the withdrawal of the consent; who is not on it is passed over.
with gone as (
    update contacts_subscription s
    set state = 2, left_at = %(at)s
    where contact_id = any(%(ids)s) and contact_list_id = %(list)s and state in (1, 3)
    returning contact_id
),
withdrawn as (
    insert into contacts_consent (contact_id, contact_list_id, statement_id, purpose, state)
    select contact_id, %(list)s, %(statement)s, 'mailing', 2 from gone
)
select count(*) from gone

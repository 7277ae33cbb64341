-- What the file says about tracking, for known people who join the list: appended, and copied to the contact. Somebody
-- who said no is not asked by a file: a denial stands.
with joining as (
    select c.id, c.open_consent, c.click_consent
    from contacts_matched m
    join contacts_contact c on c.id = m.contact_id
    where %(tracking)s <> 0
        and (m.subscription_state is null or m.subscription_state = 3) and not m.is_out and not m.was_seen
    order by c.id
    for no key update of c
),
opens as (
    insert into contacts_consent (contact_id, contact_list_id, statement_id, purpose, state)
    select id, null, %(statement)s, 'opens', %(tracking)s from joining where open_consent <> 2
),
clicks as (
    insert into contacts_consent (contact_id, contact_list_id, statement_id, purpose, state)
    select id, null, %(statement)s, 'clicks', %(tracking)s from joining where click_consent <> 2
)
update contacts_contact c set
    open_consent = case when c.open_consent = 2 then 2 else %(tracking)s end,
    click_consent = case when c.click_consent = 2 then 2 else %(tracking)s end
from joining
where c.id = joining.id and (c.open_consent <> 2 or c.click_consent <> 2)

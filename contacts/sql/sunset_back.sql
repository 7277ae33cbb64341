-- Quiet people who gave a sign of life since they were asked: off the win-back list if the rule put them there, and
-- written to again if the rule had stopped that. Their own "no" is not touched.
with back as (
    update contacts_sunset q set state = 3, moved_at = %(at)s
    from contacts_contact c
    left join contacts_engagement e on e.contact_id = c.id
    where q.state < 3 and c.id = q.contact_id
        and greatest(
            e.last_clicked_at, e.last_own_at,
            case when %(counts_opens)s then e.last_opened_on::timestamptz end
        ) > q.asked_at
    returning q.contact_id, q.contact_list_id, q.joined, c.address_key
),
off as (
    delete from contacts_subscription s using back
    where back.joined and s.contact_id = back.contact_id and s.contact_list_id = back.contact_list_id and s.state = 1
),
lifted as (
    delete from contacts_suppression u using back
    where u.address_key = back.address_key and u.reason = %(inactive)s
)
select count(*) from back

-- Which of these people a campaign was handed over for since: one probe of one_message_a_contact each.
select w.id
from unnest(%(ids)s::bigint[]) as w (id)
where (
    select 1
    from delivery_message m
    join delivery_outcome o on o.message_id = m.id and o.state = 2 and o.at >= %(since)s
    join delivery_mailing g on g.id = m.mailing_id and not g.is_test and not g.is_transactional
    where m.contact_id = w.id
    limit 1
) is not null

-- Everyone subscribed to some lists, each once: under the smallest of those that do not ban their address. A million on
-- one list and a third of them on a second: 2 s with the joins of the review page on two cores that ten processes shared;
-- see Audience.whole_sql.
select s.contact_id, s.contact_list_id as list_id
from contacts_subscription s
where s.contact_list_id = any(%s::bigint[]) and s.state = 1
    and not exists (
        select from contacts_subscription e
        where e.contact_id = s.contact_id and e.state = 1
            and e.contact_list_id = any(%s::bigint[])
            and (/* e is banned */, e.contact_list_id) < (/* s is banned */, s.contact_list_id)
    )

-- Of the known: how many in all, how many were written (changed, or new to the list), how many stay out.
select
    count(*),
    count(*) filter (where not was_seen and (is_changed or (coalesce(subscription_state, 3) = 3 and not is_out))),
    count(*) filter (where not was_seen and (is_out or subscription_state = 2))
from contacts_matched

-- Give a batch back: nothing left = done, else due again later. Its row is locked by the statement before, so that what
-- is counted here (a range of the key) is what the claim's own writes left.
update delivery_batch b
   set state = case when (select count(*) from delivery_outcome where message_id between b.first_id and b.last_id)
                         > b.last_id - b.first_id then 2 else 0 end,
       round = round + 1, claim_count = 0,
       due_at = clock_timestamp() + %(backoff)s * interval '1 second', claim = null, lease_until = null,
       done_to = first_id - 1, open_to = first_id - 1
 where b.id = %(batch)s and b.claim = %(claim)s and b.state = 1 and b.done_to = b.open_to
returning 1

-- Give a batch back. What is left was counted under the same lock: nothing left = done, else due again later.
update delivery_batch
   set state = case when %(left)s = 0 then 2 else 0 end, round = round + 1, claim_count = 0,
       due_at = clock_timestamp() + %(backoff)s * interval '1 second', claim = null, lease_until = null,
       done_to = first_id - 1, open_to = first_id - 1
 where id = %(batch)s and claim = %(claim)s and state = 1 and done_to = open_to

-- … and in the same transaction the batch goes back; after four claims without progress a person decides.
update delivery_batch
   set state = case when claim_count > 3 then 3 else 0 end, claim = null, lease_until = null,
       done_to = first_id - 1, open_to = first_id - 1, unknown_count = unknown_count + %(doubts)s
 where id = %(batch)s
returning state

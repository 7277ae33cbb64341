-- After a restored backup: nothing that is not done is taken up by itself. The windows of claims were turned into doubts
-- just before, in the same transaction.
update delivery_batch
   set state = 3, claim = null, lease_until = null, done_to = first_id - 1, open_to = first_id - 1
 where state in (0, 1)

-- The end of a snapshot while a domain warms up: batches held for it become due in the order of their rank, over all
-- blocks; a claim takes the earliest due. One instant for all of them (now() is the start of the transaction), or a slow
-- update would mix the ranks. Parked ones (sql/park_shares.sql) keep their thousand years.
update delivery_batch
   set due_at = now() + rank * interval '1 millisecond'
                + case when due_at > clock_timestamp() + interval '500 years' then interval '1000 years' else interval '0' end
 where mailing_id = %s and state = 0 and round = 0 and claim_count = 0 and due_at > clock_timestamp()
   and (rank > 0 or due_at < clock_timestamp() + interval '500 years')

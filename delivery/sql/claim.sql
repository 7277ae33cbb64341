-- Take one due batch of a provider. The caller holds the provider's row, so that the count of claimed batches is a
-- limit and not a guess. Never now(): it is the start of the transaction and would shorten the lease.
-- Plan: one probe of batch_due, one of batch_claimed; 0.2 ms.
update delivery_batch
   set state = 1, claim = %(claim)s, claim_count = claim_count + 1, lease_until = clock_timestamp() + %(lease)s * interval '1 second'
 where id = (select b.id
               from delivery_batch b
               join delivery_mailing m on m.id = b.mailing_id
              where b.state = 0 and b.due_at <= clock_timestamp() and b.provider_id = %(provider)s
                and m.state = 'sending' and (m.paused_until is null or m.paused_until <= clock_timestamp())
              order by b.due_at, b.id
              limit 1
                for update of b skip locked)
   and state = 0
   and (select count(*) from delivery_batch c where c.state = 1 and c.provider_id = %(provider)s) < %(room)s
returning id, mailing_id, first_id, last_id, round

-- Take one due batch of a provider. The caller holds the provider's row, so that the count of claimed batches is a
-- limit and not a guess. Never now(): it is the start of the transaction and would shorten the lease. Passed over: who
-- rests (limits/governor.py), mailbox providers whose connections (%(rooms)s by number) are all in use, and shares that
-- are braked (limits/brake.py; they are parked, this is for one that came back meanwhile).
-- {urgency}: urgent batches are asked for in a statement of their own, so that the index of the few is used.
-- Plan: one probe of batch_due, probes of the few claimed batches and of the share's brake; 0.2 ms.
update delivery_batch
   set state = 1, claim = %(claim)s, claim_count = claim_count + 1, lease_until = clock_timestamp() + %(lease)s * interval '1 second'
 where id = (select b.id
               from delivery_batch b
               join delivery_mailing m on m.id = b.mailing_id
              where b.state = 0 and {urgency} and b.due_at <= clock_timestamp() and b.provider_id = %(provider)s
                and m.state = 'sending' and (m.paused_until is null or m.paused_until <= clock_timestamp())
                and (select 1 from delivery_pace p
                      where p.provider_id = b.provider_id and p.mx_group in (-1, b.mx_group)
                        and p.rest_until > clock_timestamp() limit 1) is null
                and (select 1 from delivery_brake k
                      where k.mailing_id = b.mailing_id and k.mx_group = b.mx_group
                        and (k.state in (3, 4) or (k.state = 0 and b.wave > 0))) is null
                and (not %(rooms)s::jsonb ? b.mx_group::text
                     or (select count(*) from delivery_batch c
                          where c.state = 1 and c.provider_id = b.provider_id and c.mx_group = b.mx_group)
                        < (%(rooms)s::jsonb ->> b.mx_group::text)::int)
              order by b.due_at, b.id
              limit 1
                for update of b skip locked)
   and state = 0
   and (select count(*) from delivery_batch c where c.state = 1 and c.provider_id = %(provider)s) < %(room)s
returning id, mailing_id, first_id, last_id, round, mx_group, is_urgent

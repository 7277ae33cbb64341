-- Take one due batch of a provider. The caller holds the provider's row, so that the count of connections is a
-- limit and not a guess. Never now(): it is the start of the transaction and would shorten the lease. Passed over: who
-- rests (limits/governor.py), mailbox providers whose connections (%(rooms)s by number) are all in use, and shares that
-- are braked (limits/brake.py; they are parked, this is for one that came back meanwhile).
-- {urgency}: urgent batches are asked for in a statement of their own, so that neither kind walks past the other.
-- Each mailing being sent gives its first batches (two: one may be locked by the sweep or by evidence), so that paused
-- ones are never walked past. The fence (offset 0) sorts before it asks about rests, brakes and rooms: the planner believes
-- that these let nobody through, and would ask them of every batch.
-- The mailing with the fewest connections at work is next: a short one does not wait for the last of a long one.
-- Plan: the batches of each mailing being sent by their index, probes of the few claimed ones and of the share's brake;
-- 0.3 ms, 1 ms in a mailing of 2,000 batches beside 30,000 due ones of 300 paused mailings (20 before, November 2026).
update delivery_batch
   set state = 1, claim = %(claim)s, process = %(process)s, claim_count = claim_count + 1,
       lease_until = clock_timestamp() + %(lease)s * interval '1 second'
 where id = (select b.id
               from delivery_batch b
              where b.state = 0
                and b.id = any (array(
                    select first.id
                      from delivery_mailing m
                     cross join lateral (
                           select b.id
                             from (select *
                                     from delivery_batch b
                                    where b.state = 0 and {urgency} and b.due_at <= clock_timestamp()
                                      and b.mailing_id = m.id and b.provider_id = %(provider)s
                                    order by b.due_at, b.id
                                   offset 0) b
                            where (select 1 from delivery_pace p
                                    where p.provider_id = b.provider_id and p.mx_group in (-1, b.mx_group)
                                      and p.rest_until > clock_timestamp() limit 1) is null
                              and (select 1 from delivery_brake k
                                    where k.mailing_id = b.mailing_id and k.mx_group = b.mx_group
                                      and (k.state in (3, 4) or (k.state = 0 and b.wave > 0))) is null
                              and (not %(rooms)s::jsonb ? b.mx_group::text
                                   or (select count(*) from delivery_connection c
                                        where c.provider_id = b.provider_id and c.mx_group = b.mx_group)
                                      < (%(rooms)s::jsonb ->> b.mx_group::text)::int)
                            limit 2) first
                     where m.state = 'sending' and (m.paused_until is null or m.paused_until <= clock_timestamp())))
              order by (select count(*) from delivery_batch c where c.state = 1 and c.mailing_id = b.mailing_id),
                    b.due_at, b.id
              limit 1
                for update of b skip locked)
   and state = 0
   and (select count(*) from delivery_connection c where c.provider_id = %(provider)s) < %(room)s
returning id, mailing_id, first_id, last_id, round, mx_group, is_urgent

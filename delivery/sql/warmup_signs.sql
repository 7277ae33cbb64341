-- What came back on one day of the mail of a sending domain to some mailbox providers: complaints, dead addresses (refused
-- as such that day, or bounced hard), people told "later". By the ranges of the batches of its mailings of the last weeks,
-- a probe of the alarms, the exceptions and the attempts each: no row of an accepted message is read.
-- 800 batches of 440,000 messages with 7,000 exceptions: 10 to 30 ms, once a night and plan.
with mine as (
       select b.first_id, b.last_id, b.mailing_id, b.refused_count, b.round, b.state,
              b.accepted_count + b.refused_count + b.unknown_count as settled
         from delivery_mailing m
         join delivery_batch b on b.mailing_id = m.id
        where m.from_domain = %(domain)s and m.started_at >= %(since)s and not m.is_test
          and b.mx_group = any(%(groups)s))
select coalesce(sum(a.complaints), 0), coalesce(sum(a.hard + r.dead), 0), coalesce(sum(d.people), 0)
  from mine w
 cross join lateral (select count(*) filter (where o.complained_at >= %(start)s and o.complained_at < %(end)s) as complaints,
                            count(*) filter (where o.is_hard_bounce and o.state <> 3 and o.bounced_at >= %(start)s
                                               and o.bounced_at < %(end)s) as hard
                       from delivery_outcome o
                      where (o.complained_at is not null or o.is_hard_bounce)
                        and o.message_id between w.first_id and w.last_id and w.settled > 0) a
 cross join lateral (select count(*) as dead
                       from delivery_outcome o
                      where o.mailing_id = w.mailing_id and o.state = 3 and o.reason = %(dead)s
                        and o.message_id between w.first_id and w.last_id and w.refused_count > 0
                        and o.at >= %(start)s and o.at < %(end)s) r
 cross join lateral (select count(distinct t.message_id) as people
                       from delivery_attempt t
                      where t.message_id between w.first_id and w.last_id and (w.round > 0 or w.state = 1)
                        and t.code between 400 and 499 and t.at >= %(start)s and t.at < %(end)s) d

-- What came of each mailbox provider's share of one mailing so far, and how much of its first wave was tried. By the
-- ranges of the batches somebody worked on: a probe of the refusals, the alarms and the attempts each.
-- answered = handed over and told yes or no; deferred = people told "later" who are still to be tried; ever_deferred =
-- people told "later" at least once. 400 batches with 20,000 dead addresses and 19,000
-- deferrals: 0.12 s, every ten seconds.
with worked as (
       select b.*, b.last_id - b.first_id + 1 as size,
              b.accepted_count + b.refused_count + b.skipped_count + b.unknown_count as settled
         from delivery_batch b
        where b.mailing_id = %(mailing)s),
     told as (
       select w.mx_group, w.wave, w.size, w.settled, w.accepted_count as accepted, w.refused_count as refused,
              coalesce(r.dead, 0) as dead, coalesce(a.hard, 0) as hard, coalesce(a.complaints, 0) as complaints,
              coalesce(d.waiting, 0) as waiting, coalesce(d.ever, 0) as ever
         from worked w
         left join lateral (select count(*) as dead from delivery_outcome o
                             where o.mailing_id = %(mailing)s and o.state = 3 and o.reason = %(dead)s
                               and o.message_id between w.first_id and w.last_id) r on w.refused_count > 0
         left join lateral (select count(*) filter (where o.is_hard_bounce and o.state <> 3) as hard,
                                   count(*) filter (where o.complained_at is not null) as complaints
                              from delivery_outcome o
                             where (o.complained_at is not null or o.is_hard_bounce)
                               and o.message_id between w.first_id and w.last_id) a on w.settled > 0
         left join lateral (select count(distinct t.message_id) as ever,
                                   count(distinct t.message_id) filter (
                                     where (select 1 from delivery_outcome o where o.message_id = t.message_id) is null
                                   ) as waiting
                              from delivery_attempt t
                             where t.message_id between w.first_id and w.last_id and t.code between 400 and 499
                           ) d on w.round > 0 or w.state = 1)
select mx_group, sum(accepted), sum(refused), sum(dead + hard), sum(complaints), sum(waiting), sum(ever),
       coalesce(sum(size) filter (where wave = 0), 0), coalesce(sum(settled + waiting) filter (where wave = 0), 0),
       sum(size - settled)
  from told
 group by mx_group

-- The ledger of one mailing in one statement, so that its numbers are of one instant. Each side is counted on its own:
-- outcomes by the batches' counters, planned by the snapshot, pending and sending by looking at the messages of batches
-- that are not done. A batch nobody touched is counted by its range: all its messages are there and none has an outcome.
-- 1,000 batches: 1 ms; each touched batch adds its own messages.
with b as (select *, state = 0 and round = 0 and claim_count = 0
                     and accepted_count + refused_count + skipped_count + unknown_count = 0 as untouched
             from delivery_batch
            where mailing_id = %(mailing)s),
     touched as (
       select b.done_to, b.open_to, b.state, m.id,
              (select 1 from delivery_outcome o where o.message_id = m.id) as settled
         from b
         join delivery_message m on m.id between b.first_id and b.last_id
        where b.state <> 2 and not b.untouched)
select m.planned_count,
       coalesce((select sum(accepted_count) from b), 0), coalesce((select sum(refused_count) from b), 0),
       coalesce((select sum(skipped_count) from b), 0),
       coalesce((select sum(last_id - first_id + 1) from b where untouched), 0)
         + (select count(*) from touched where settled is null and not (state = 1 and id > done_to and id <= open_to)),
       (select count(*) from touched where settled is null and state = 1 and id > done_to and id <= open_to),
       coalesce((select sum(unknown_count) from b), 0)
  from delivery_mailing m
 where m.id = %(mailing)s

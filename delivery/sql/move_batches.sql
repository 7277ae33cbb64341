-- Pending batches of one mailing change their account: all of one account, or only those nobody was tried of since they
-- were moved there. What they had settled stays with the account it went through. A claimed batch is left alone: its
-- window may be on the wire. Locks in the order of ids, batches before outcomes.
with moving as materialized (
       select id, first_id, last_id, accepted_count + refused_count + unknown_count as settled
         from delivery_batch
        where mailing_id = %(mailing)s and provider_id = %(source)s and state = 0
          and (%(all)s or (round = coalesce(moved_round, 0) and claim_count = 0))
        order by id
          for no key update),
     kept as (
       update delivery_outcome o
          set provider_id = %(source)s
         from moving
        where moving.settled > 0 and o.message_id between moving.first_id and moving.last_id
          and o.provider_id is null and o.state in (2, 3, 5))
update delivery_batch b
   set provider_id = %(target)s, moved_round = b.round
  from moving
 where b.id = moving.id and b.state = 0

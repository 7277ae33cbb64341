-- A batch given back in the middle with people told "later": those nobody tried are due at once, as a batch of their own,
-- and do not wait with them. Counters stay where they were counted, so nothing is cut where somebody behind has an outcome.
with held as (
       select *
         from delivery_batch b
        where id = %(batch)s and claim = %(claim)s and state = 1 and done_to = open_to
          and done_to >= first_id and done_to < last_id
          and not exists (select 1 from delivery_outcome o where o.message_id > b.done_to and o.message_id <= b.last_id)),
     rest as (
       insert into delivery_batch
              (mailing_id, provider_id, mx_group, is_urgent, moved_round, wave, rank, round, first_id, last_id, due_at,
               done_to, open_to)
       select mailing_id, provider_id, mx_group, is_urgent, moved_round, wave, rank, round, done_to + 1, last_id,
              clock_timestamp() + %(wait)s * interval '1 second', done_to, done_to
         from held)
update delivery_batch b set last_id = held.done_to from held where b.id = held.id returning 1

-- What is left of a mailing is shared: the batch just claimed keeps its part of what is due, at least %(least)s
-- messages, and the rest is due again as a batch of its own. Else the last batches keep a few connections busy for
-- seconds while the others have nothing. Only of one that nobody has been handed over of: its counters are zero.
-- Where another batch waits for each connection, nothing is cut: only those are read.
with due as (
       select count(*) as batches, coalesce(sum(last_id - first_id + 1), 0)::bigint as people
         from (select first_id, last_id
                 from delivery_batch
                where mailing_id = %(mailing)s and provider_id = %(provider)s and state = 0
                  and due_at <= clock_timestamp()
                limit %(connections)s) w),
     mine as (
       select b.id, b.last_id, b.last_id - b.first_id + 1 as people,
              greatest(%(least)s, (b.last_id - b.first_id + 1 + due.people) / %(connections)s) as kept
         from delivery_batch b, due
        where b.id = %(batch)s and b.round = 0 and b.claim_count = 1 and b.done_to = b.first_id - 1
          and b.accepted_count + b.refused_count + b.skipped_count + b.unknown_count = 0
          and due.batches < %(connections)s),
     cut as (
       update delivery_batch b
          set last_id = b.first_id - 1 + mine.kept
         from mine
        where b.id = mine.id and 2 * mine.kept <= mine.people
    returning b.*, mine.last_id as to_id),
     rest as (
       insert into delivery_batch
              (mailing_id, provider_id, mx_group, is_urgent, moved_round, wave, rank, first_id, last_id, due_at,
               done_to, open_to)
       select mailing_id, provider_id, mx_group, is_urgent, moved_round, wave, rank, last_id + 1, to_id, due_at,
              last_id, last_id
         from cut)
select last_id from cut

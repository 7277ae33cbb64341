-- The nightly check: everything counted from the rows themselves, to be compared with the ledger's counters. A message
-- without an outcome in a batch that is done is counted nowhere, so that the sum does not balance. Joining every message
-- to its batch took 150 s for a million; only those without an outcome are (8 s when all are pending).
with bare as materialized (
       select m.id
         from delivery_message m
         left join delivery_outcome o on o.message_id = m.id
        where m.mailing_id = %(mailing)s and m.id between %(first)s and %(last)s and o.message_id is null),
     placed as (
       select b.state, b.state = 1 and bare.id > b.done_to and bare.id <= b.open_to as is_open
         from bare
        cross join lateral (select state, done_to, open_to, mailing_id from delivery_batch
                             where first_id <= bare.id order by first_id desc limit 1) b
        where b.mailing_id = %(mailing)s),
     told as (
       select state, count(*) as people
         from delivery_outcome
        where mailing_id = %(mailing)s and message_id between %(first)s and %(last)s
        group by state)
select (select count(*) from delivery_message where mailing_id = %(mailing)s and id between %(first)s and %(last)s),
       coalesce((select people from told where state = 2), 0), coalesce((select people from told where state = 3), 0),
       coalesce((select people from told where state = 4), 0),
       (select count(*) from placed where state <> 2 and not is_open), (select count(*) from placed where is_open),
       coalesce((select people from told where state = 5), 0)

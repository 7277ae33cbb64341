-- The nightly check: everything counted from the rows themselves, to be compared with the ledger's counters.
select count(*),
       count(*) filter (where o.state = 2), count(*) filter (where o.state = 3), count(*) filter (where o.state = 4),
       count(*) filter (where o.message_id is null and b.state <> 2
                          and not (b.state = 1 and m.id > b.done_to and m.id <= b.open_to)),
       count(*) filter (where o.message_id is null and b.state = 1 and m.id > b.done_to and m.id <= b.open_to),
       count(*) filter (where o.state = 5)
  from delivery_message m
  join delivery_batch b on b.mailing_id = m.mailing_id and m.id between b.first_id and b.last_id
  left join delivery_outcome o on o.message_id = m.id and o.mailing_id = m.mailing_id
 where m.mailing_id = %(mailing)s and m.id between %(first)s and %(last)s

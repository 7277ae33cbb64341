-- Close every batch of a mailing whose outcomes were just written: counters are counted from them, never assumed.
update delivery_batch b
   set state = 2, round = 1, done_to = b.first_id - 1, open_to = b.first_id - 1,
       accepted_count = c.accepted, refused_count = c.refused, skipped_count = c.skipped, unknown_count = c.unknown
  from (select x.id, count(*) filter (where o.state = 2) as accepted, count(*) filter (where o.state = 3) as refused,
               count(*) filter (where o.state = 4) as skipped, count(*) filter (where o.state = 5) as unknown
          from delivery_batch x
          join delivery_outcome o on o.message_id between x.first_id and x.last_id
         where x.mailing_id = %(mailing)s
         group by x.id) c
 where c.id = b.id

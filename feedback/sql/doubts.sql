-- Messages of these events whose fate we do not know: in doubt, or without an outcome though nobody has them in an open
-- window (after a restore). Inside an open window the event waits. The batch of a message: the greatest first_id not above.
-- A provider's word counts from its first; a hit is believed by its age, so the last one speaks.
select m.id, bool_or(e.source <> 0), bool_or(e.kind in (3, 4, 9)),
       coalesce(min(e.at) filter (where e.source <> 0), max(e.at))
  from feedback_event e
  join delivery_message m on m.id = e.message_id and m.mailing_id = e.mailing_id
  left join delivery_outcome o on o.message_id = m.id
 where e.id = any(%(ids)s) and e.applied_at is null
   and (o.state = 5
        or o.message_id is null
           and not exists (select 1
                             from (select * from delivery_batch b where b.first_id <= m.id order by b.first_id desc limit 1) b
                            where b.state = 1 and m.id > b.done_to and m.id <= b.open_to))
 group by m.id
 order by m.id

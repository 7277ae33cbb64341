-- The sweep: what an expired claim had in its open window and wrote nothing about is in doubt.
insert into delivery_outcome (message_id, mailing_id, state, reason, claim, at)
select m.id, m.mailing_id, 5, %(reason)s, %(claim)s, clock_timestamp()
  from delivery_message m
 where m.id > %(done_to)s and m.id <= %(open_to)s
   and not exists (select 1 from delivery_outcome o where o.message_id = m.id)
   and not exists (select 1 from delivery_attempt t where t.message_id = m.id and t.claim = %(claim)s)

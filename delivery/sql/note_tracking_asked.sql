-- Whom the messages of a block ask whether they may be measured: not again within six months. Who is skipped was not asked.
update contacts_contact c
   set tracking_asked_at = clock_timestamp()
  from delivery_message m
 where m.id between %(first)s and %(last)s
   and m.vars #>> '{contact,may_ask_tracking}' = 'true'
   and c.id = m.contact_id
   and not exists (select from delivery_outcome o where o.message_id = m.id)

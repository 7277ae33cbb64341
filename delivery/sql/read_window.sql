-- The next messages of a claimed batch that have no outcome. A range on the key and a scalar sub-select per row stay
-- index probes; as an anti-join this hashed all outcomes of the table.
select id, content_id, contact_id, address, tracking, vars, tries
  from (select m.id, m.content_id, m.contact_id, m.address, m.tracking, m.vars,
               (select 1 from delivery_outcome o where o.message_id = m.id) as settled,
               (select count(*) from delivery_attempt t where t.message_id = m.id) as tries
          from delivery_message m
         where m.id > %(after)s and m.id <= %(last)s
         order by m.id) w
 where settled is null
 limit %(size)s

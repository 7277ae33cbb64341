-- The next messages of a claimed batch, settled or not (known_of.sql tells): one range of the key, nothing else.
select id, content_id, contact_id, address, tracking, vars
  from delivery_message
 where id > %(after)s and id <= %(last)s
 order by id
 limit %(size)s

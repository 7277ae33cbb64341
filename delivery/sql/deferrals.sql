-- The same of those asked to come back later who still have no outcome: people, not tries.
select b.mx_group, 0, count(distinct t.message_id), min(t.at), max(t.at), max(t.message_id),
       delivery_words(t.reply)
  from delivery_attempt t
 cross join lateral (select mx_group from delivery_batch where first_id <= t.message_id order by first_id desc limit 1) b
 where t.message_id between %(first)s and %(last)s
   and (select 1 from delivery_outcome o where o.message_id = t.message_id) is null
 group by b.mx_group, delivery_words(t.reply)
 order by 3 desc, 5 desc
 limit %(most)s

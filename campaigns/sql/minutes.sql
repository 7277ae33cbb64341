-- What left when, in slices of %(slice)s seconds; and what left in the last minute. The messages of a mailing are one
-- range of ids, so this reads the range once; 1M rows: 0.25 s, hence cached by its caller.
select floor(extract(epoch from o.at) / %(slice)s)::bigint * %(slice)s as slice,
       count(*) filter (where o.state = 2), count(*) filter (where o.state = 3),
       count(*) filter (where o.state <> 4 and o.at > now() - interval '60 seconds')
  from delivery_outcome o
 where o.message_id between %(first)s and %(last)s and o.mailing_id = %(mailing)s and o.state <> 4
 group by 1
 order by 1

-- What is sent changes without an event: due are mailings whose batches know of more accepted messages than were counted.
-- Open ones are looked at each time, closed ones until they were counted after their end, and each night those of two
-- months: a person may have settled a doubt. A mailing nobody has counted yet is due too.
insert into feedback_rollup (mailing_id, touched_at)
select m.id, clock_timestamp()
  from delivery_mailing m
  left join feedback_rollup r on r.mailing_id = m.id
 where m.started_at is not null
   and (r.rolled_at is null
        or (m.finished_at is null or m.finished_at > r.rolled_at
            or %(nightly)s and m.started_at > clock_timestamp() - interval '2 months')
           and coalesce((select sum(b.accepted_count) from delivery_batch b where b.mailing_id = m.id), 0)
               <> coalesce((select sum(s.accepted_count) from feedback_mailingstats s where s.mailing_id = m.id), 0))
 order by m.id
    on conflict (mailing_id) do update set touched_at = clock_timestamp()

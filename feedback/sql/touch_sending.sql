-- What is being sent changes without an event, and once more when it ends. A mailing nobody has counted yet is due too.
insert into feedback_rollup (mailing_id, touched_at)
select m.id, clock_timestamp()
  from delivery_mailing m
  left join feedback_rollup r on r.mailing_id = m.id
 where m.started_at is not null
   and (r.mailing_id is null or m.state = 'sending' or m.finished_at > r.rolled_at)
 order by m.id
    on conflict (mailing_id) do update set touched_at = clock_timestamp()

-- Hits counted without anybody's name: content and mailbox provider are not known.
insert into feedback_mailingstats (mailing_id, content_id, mx_group, hour, anonymous_open_count, anonymous_click_count)
select %(mailing)s, 0, 0, date_trunc('hour', at, 'UTC'), count(*) filter (where kind = 6), count(*) filter (where kind = 7)
  from feedback_event
 where mailing_id = %(mailing)s and message_id is null and kind in (6, 7) and applied_at is not null and error is null
 group by date_trunc('hour', at, 'UTC')
    on conflict (mailing_id, content_id, mx_group, hour)
    do update set anonymous_open_count = excluded.anonymous_open_count, anonymous_click_count = excluded.anonymous_click_count

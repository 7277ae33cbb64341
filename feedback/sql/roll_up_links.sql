-- Clicks by link, read from their own index.
insert into feedback_linkstats (mailing_id, number, people_count, click_count, anonymous_count)
select %(mailing)s, link_number, count(distinct message_id), count(message_id), count(*) filter (where message_id is null)
  from feedback_event
 where mailing_id = %(mailing)s and kind = 7 and link_number is not null and applied_at is not null and error is null
 group by link_number

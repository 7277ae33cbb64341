-- One mailing, from its batches (which know the mailbox provider) through the primary keys of outcome and message: one
-- pass, whatever else is in those tables. Each stamp is turned into a row with its hour, and the rows are counted.
-- 1 M messages: see docs/feedback.md for the measured time.
insert into feedback_mailingstats (
       mailing_id, content_id, mx_group, hour, accepted_count, delivered_count, presumed_count, hard_bounce_count, soft_bounce_count,
       complained_count, opened_count, clicked_count, unsubscribed_count, one_click_count, unsubscribe_link_count, preference_page_count,
       open_measurable_count, click_measurable_count, both_opened_count, both_clicked_count)
with person as (
       select coalesce(m.content_id, 0) as content_id, b.mx_group, o.at, o.bounced_at, o.complained_at, o.opened_at, o.clicked_at,
              o.unsubscribed_at, o.unsubscribed_by, coalesce(o.is_hard_bounce, false) as is_hard,
              m.tracking & 3 = 3 as opens, (m.tracking >> 2) & 3 = 3 as clicks,
              case when o.bounced_at is not null and (o.is_hard_bounce or o.delivered_at is null or o.delivered_at < o.bounced_at)
                   then o.bounced_at end as lost_at,
              o.delivered_at as confirmed_at,
              p.kind = any(%(confirming)s) as confirms
         from delivery_batch b
         join delivery_outcome o on o.message_id between b.first_id and b.last_id and o.state = 2
         join delivery_provider p on p.id = coalesce(o.provider_id, b.provider_id)
         join delivery_message m on m.id = o.message_id
        where b.mailing_id = %(mailing)s),
     told as (
       select person.*, s.what, s.at as moment
         from person
        cross join lateral (values
              (1, person.at),
              (2, case when lost_at is null then confirmed_at end),
              (3, case when lost_at is null and confirmed_at is null and not confirms then person.at end),
              (4, case when is_hard then lost_at end),
              (5, case when not is_hard then lost_at end),
              (6, complained_at), (7, opened_at), (8, clicked_at), (9, unsubscribed_at)) as s (what, at)
        where s.at is not null)
select %(mailing)s, content_id, mx_group, date_trunc('hour', moment, 'UTC'),
       count(*) filter (where what = 1), count(*) filter (where what = 2), count(*) filter (where what = 3),
       count(*) filter (where what = 4), count(*) filter (where what = 5), count(*) filter (where what = 6),
       count(*) filter (where what = 7), count(*) filter (where what = 8), count(*) filter (where what = 9),
       count(*) filter (where what = 9 and unsubscribed_by = 1), count(*) filter (where what = 9 and unsubscribed_by = 2),
       count(*) filter (where what = 9 and unsubscribed_by = 3),
       count(*) filter (where what in (2, 3) and opens), count(*) filter (where what in (2, 3) and clicks),
       count(*) filter (where what = 7 and opens and clicks), count(*) filter (where what = 8 and opens and clicks)
  from told
 group by content_id, mx_group, date_trunc('hour', moment, 'UTC')

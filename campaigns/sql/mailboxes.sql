-- By mailbox provider, from the batches alone: each batch holds messages of one. Deferrals are the attempts that ended
-- nothing. 1,000 batches: 1 ms and one probe of the attempts' key per batch.
select b.mx_group, sum(b.last_id - b.first_id + 1), sum(b.accepted_count), sum(b.refused_count), sum(b.skipped_count),
       sum(b.unknown_count), sum(coalesce(t.deferred, 0))
  from delivery_batch b
  left join lateral (select count(*) as deferred
                       from delivery_attempt t
                      where t.message_id between b.first_id and b.last_id) t on b.round > 0
 where b.mailing_id = %(mailing)s
 group by b.mx_group
 order by 2 desc, 1

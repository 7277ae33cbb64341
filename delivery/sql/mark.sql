-- Write-back of the last window and mark of the next: one update of one row. 0 rows = lease over, paused, cancelled, or
-- the mailbox provider's share was stopped.
with batch as (
update delivery_batch b
   set done_to = %(done_to)s, open_to = %(open_to)s, lease_until = clock_timestamp() + %(lease)s * interval '1 second',
       claim_count = case when %(results)s > 0 then 0 else claim_count end,
       accepted_count = accepted_count + %(accepted)s, refused_count = refused_count + %(refused)s,
       skipped_count = skipped_count + %(skipped)s, unknown_count = unknown_count + %(unknown)s
 where id = %(batch)s and claim = %(claim)s and state = 1 and lease_until > clock_timestamp()
   and exists (select 1 from delivery_mailing m where m.id = b.mailing_id and m.state = 'sending')
   and (select 1 from delivery_brake k
         where k.mailing_id = b.mailing_id and k.mx_group = b.mx_group and k.state in (3, 4)) is null
returning 1),
{store}

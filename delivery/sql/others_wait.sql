-- Who waits for a process: asked once a second by each that has been at a batch for longer, never before.
-- The first look is at the few rows of mailing_open; the second walks due batches, and only after a shift's thirty seconds.
select exists (
         select 1 from delivery_mailing
          where state = 'sending' and snapshot_done_at is null and snapshot_cursor = 0
            and started_at between clock_timestamp() - interval '1 minute' and clock_timestamp() - interval '1 second')
    or %(late)s and exists (
         select 1
           from delivery_batch b
           join delivery_mailing m on m.id = b.mailing_id
          where b.state = 0 and b.due_at <= clock_timestamp() - interval '3 seconds' and b.provider_id <> %(provider)s
            and m.state = 'sending' and (m.paused_until is null or m.paused_until <= clock_timestamp())
            and not exists (select 1 from delivery_batch c where c.state = 1 and c.provider_id = b.provider_id))

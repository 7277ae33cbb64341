-- Write-back alone: the claim decides, whatever became of lease and mailing. Closes the window.
with batch as (
update delivery_batch
   set done_to = %(done_to)s, open_to = %(done_to)s,
       claim_count = case when %(results)s > 0 then 0 else claim_count end,
       accepted_count = accepted_count + %(accepted)s, refused_count = refused_count + %(refused)s,
       skipped_count = skipped_count + %(skipped)s, unknown_count = unknown_count + %(unknown)s
 where id = %(batch)s and claim = %(claim)s and state = 1
returning 1),
{store}

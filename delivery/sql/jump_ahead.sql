-- After a restored backup, before anything is written: every number handed out from now on is one that no mail already
-- delivered can name. Sequences too small for the step stay (32 bits: a hundred and twenty jumps).
select setval(format('%%I.%%I', schemaname, sequencename)::regclass, coalesce(last_value, start_value) + %(step)s)
  from pg_sequences
 where schemaname = current_schema() and coalesce(last_value, start_value) + %(step)s < max_value

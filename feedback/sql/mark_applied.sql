-- Applied; an event that names a message we do not have says so.
update feedback_event
   set applied_at = clock_timestamp(), error = case when id = any(%(lost)s) then %(words)s else error end
 where id = any(%(ids)s) and applied_at is null

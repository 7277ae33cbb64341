-- Whether one of an account's connections is kept for urgent mail: there are three or more, and a mailing of a
-- transactional stream is open at it.
(p.connection_count >= 3 and exists (
   select 1
     from delivery_mailing k
     join delivery_stream s on s.id = k.stream_id and s.kind = 'transactional'
     left join delivery_detour e on e.mailing_id = k.id and e.ended_at is null
    where k.state = 'sending' and coalesce(e.provider_id, k.provider_id) = p.id))::int

-- Providers with work, and how many of their connections could begin on it now: urgent batches may take any, the others
-- leave alone what is kept for urgent ones ({kept}).
-- Plan: due batches by their partial index as far as connections go, claimed ones by theirs.
select p.id, least(p.connection_count - {kept} - coalesce(c.claimed, 0), d.due)
  from delivery_provider p
  join lateral (select count(*) as due
                  from (select 1
                          from delivery_batch b
                          join delivery_mailing m on m.id = b.mailing_id
                         where b.state = 0 and {urgency} and b.due_at <= clock_timestamp() and b.provider_id = p.id
                           and m.state = 'sending'
                           and (m.paused_until is null or m.paused_until <= clock_timestamp())
                         limit p.connection_count) x) d on d.due > 0
  left join (select provider_id, count(*) as claimed from delivery_connection group by 1) c
    on c.provider_id = p.id

-- Only what differs is written: an unchanged row costs no WAL and no index entry.
update contacts_contact c set
    first_name = case when s.first_name <> '' then s.first_name else c.first_name end,
    last_name = case when s.last_name <> '' then s.last_name else c.last_name end,
    language = case when s.language <> '' then s.language else c.language end,
    sort_key = case when s.first_name <> '' and s.last_name <> '' then s.sort_key else c.sort_key end,
    fields = c.fields || s.fields,
    updated_at = statement_timestamp()
from contacts_matched m
join contacts_staging s on s.ord = m.ord
where c.id = m.contact_id and m.is_changed and not m.was_seen

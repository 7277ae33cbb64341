-- Whom a dry run has met: this session's own, beyond the end of a chunk's transaction, so that memory stays flat.
create temporary table if not exists contacts_tried (address_key varchar(320) collate "C" primary key);
truncate contacts_tried;

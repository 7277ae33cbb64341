-- Many messages asked for: one statement, all of them or none. An idempotency key that another process stored a moment
-- ago ends it (once_an_idempotency_key): the caller looks again.
insert into transactional_messagerequest
       (uuid, api_key_id, idempotency_key, digest, template_version_id, subject, html, sender_id, language, address,
        address_key, variables)
select r.uuid, r.api_key, r.idempotency_key, r.digest, r.template_version, r.subject, r.html, r.sender, r.language,
       r.address, r.address_key, r.variables
  from json_to_recordset(%(rows)s::json) as r (
         uuid uuid, api_key bigint, idempotency_key text, digest text, template_version bigint, subject text, html text,
         sender bigint, language text, address text, address_key text, variables jsonb)

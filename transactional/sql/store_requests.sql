-- Many messages asked for, one statement. A key that another process stored a moment ago is passed over: the caller
-- counts the rows and looks again.
insert into transactional_messagerequest
       (uuid, api_key_id, idempotency_key, digest, template_version_id, subject, html, sender_id, language, address,
        address_key, variables)
select r.uuid, r.api_key, r.idempotency_key, r.digest, r.template_version, r.subject, r.html, r.sender, r.language,
       r.address, r.address_key, r.variables
  from json_to_recordset(%(rows)s::json) as r (
         uuid uuid, api_key bigint, idempotency_key text, digest text, template_version bigint, subject text, html text,
         sender bigint, language text, address text, address_key text, variables jsonb)
    on conflict (api_key_id, idempotency_key) where idempotency_key is not null do nothing

-- Whose secrets these are; by their hashes, and only keys that hold at this moment.
select id, digest, scopes, per_minute, last_used_at
  from accounts_apikey
 where digest = any(%(digests)s) and revoked_at is null

-- What became of a window, in the same statement as the update of its batch (`batch`: one row, or none when the claim no
-- longer stood, and then nothing is stored): one trip to the server for what was five. Of what was accepted without a
-- word only the numbers travel.
plain as (
    insert into delivery_outcome (message_id, mailing_id, state, reason, claim, at)
    select unnest(%(plain)s::bigint[]), %(mailing)s::bigint, 2, 0, %(claim)s::bigint, %(at)s::timestamptz from batch),
settled as (
    insert into delivery_outcome (message_id, mailing_id, state, reason, claim, at, reply, conversation)
    select f.message_id, %(mailing)s::bigint, f.state, f.reason, %(claim)s::bigint, %(at)s::timestamptz, f.reply, f.conversation
      from batch, jsonb_to_recordset(%(settled)s::jsonb)
        as f(message_id bigint, state smallint, reason smallint, reply text, conversation text)),
deferred as (
    insert into delivery_attempt (message_id, claim, round, phase, code, reply, conversation, at)
    select f.message_id, %(claim)s::bigint, %(round)s::smallint, f.phase, f.code, f.reply, f.conversation, %(at)s::timestamptz
      from batch, jsonb_to_recordset(%(deferred)s::jsonb)
        as f(message_id bigint, phase smallint, code smallint, reply text, conversation text))
select 1 from batch

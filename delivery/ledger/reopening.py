"""What is pending again in a mailing that was through."""

from django.db.backends.utils import CursorWrapper


def reopen_mailing(cursor: CursorWrapper, mailing_id: int) -> None:
    """A finished mailing is sent on, a cancelled one skips what came back. Call inside the transaction that reopens.

    Every mailing is written, also one that is being sent: the row is the lock `dispatch.finish` waits for, so that no
    mailing says "finished" over a batch that is just being opened.
    """
    cursor.execute(
        "update delivery_mailing set state = case when state = 'finished' then 'sending' else state end, "
        "finished_at = null where id = %s",
        [mailing_id],
    )

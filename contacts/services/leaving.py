"""Why people left, if they cared to say."""

from datetime import datetime

from contacts.models import LeavingReason


def note_leaving_reason(
    *, mailing: int, message: int, answer: LeavingReason.Answer | int, words: str, at: datetime
) -> None:
    """Keep the answer given after a message was the last straw; a second answer replaces the first. Nobody is named."""
    LeavingReason.objects.update_or_create(
        message_id=message, defaults={"mailing_id": mailing, "answer": answer, "words": words.strip()[:500], "at": at}
    )

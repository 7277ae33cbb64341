"""MailerSend: its own numbers, "#MS…", at the end of the message.

developers.mailersend.com/general.html: API response codes, "Daily request quota" (over at midnight UTC), "Rate limits".
"""

from delivery.dialects.phrases import Meaning, says

PHRASES = (
    says(Meaning.QUOTA, r"#MS42901\b", ends_at_midnight=True),
    says(Meaning.QUOTA, r"#MS422(04|22)\b"),
    says(Meaning.TOO_FAST, r"#MS42903\b"),
    says(Meaning.ACCOUNT, r"#MS4030\d\b|#MS422(16|25)\b"),
    says(Meaning.SENDER, r"#MS422(07|26)\b|from\.email must be a valid"),
    says(Meaning.ADDRESS, r"#MS42208\b"),
    says(Meaning.SIZE, r"#MS42206\b"),
    # 202 with warnings: nobody was left
    says(Meaning.LISTED, r'"(ALL|SOME)_SUPPRESSED"', statuses=frozenset({200, 202})),
    says(Meaning.CONTENT, r"#MS422\d\d\b"),
)

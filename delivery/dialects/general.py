"""What anybody may say, by API or SMTP, where the provider's own phrases do not fit; and what a bounce says of us.

From the wordings of Postfix, Exim, Exchange, Amazon SES and the APIs of the other modules here.
"""

from delivery.dialects.phrases import Meaning, says

_PERIOD = r"\b(sending|daily|hourly|monthly|account|plan|messages?|e-?mails?)"
_SPENT = r"(exceeded|reached|used up|exhausted)"
# Not the person's, who has a quota and a limit of what they receive; and not a rate.
_WORDS = r"((?!receiv|recipient|size|rate|request|second|minute|mailbox)\w+\W+){0,%d}"

PHRASES = (
    says(
        Meaning.QUOTA,
        rf"(?<!mailbox ){_PERIOD}\W+{_WORDS % 3}(quota|limits?|credits?)\W+{_WORDS % 3}{_SPENT}"
        rf"|{_SPENT}\W+{_WORDS % 3}{_PERIOD}\W+{_WORDS % 2}(quota|limits?|credits?)"
        r"|(not enough|insufficient|out of) credits?|credits? (is |are )?(exceeded|exhausted|used up)"
        r"|exceeded the max(imum)? (emails|messages|defers)\W+(\w+\W+){0,4}per (hour|day)"
        r"|limited to \d+ messages ?(/|per|an?) ?(hour|day)",
    ),
    says(
        Meaning.SENDER,
        r"sender address rejected|(invalid|unverified) sender|send as this|not owned by"
        r"|sender (is )?(rejected|refused|not (allowed|authori[sz]ed|permitted|verified|accepted))"
        r"|not an? (authori[sz]ed|valid(ated)?|verified) (sender|from)"
        r"|sender .{0,40}(invalid|not (valid|verified))|from address .{0,40}(not|invalid)|address is not verified"
        r"|domain .{0,60}(not |un-?)(verified|authori[sz]ed|registered|confirmed)",
    ),
    says(
        Meaning.ACCOUNT,
        r"authentication (is )?required|must authenticate|log ?in first|(invalid|unknown|wrong) api.?(key|token)"
        r"|relay(ing)? (access )?(denied|not (permitted|allowed))|unable to relay|not permitted to relay"
        r"|account (is |has been |was )?(temporarily )?(suspended|disabled|blocked|deactivated|not active)",
    ),
)

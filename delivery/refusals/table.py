"""Known answers, the most telling first. A row: whose (mailbox provider numbers, empty: anybody's), pattern, cause.

From the enhanced codes of RFC 3463 and 7372 and from what these providers are known to answer (November 2026); where a
text is not known here it is shown as the server said it.
"""

import re

from delivery.refusals import causes as c

GMAIL, OUTLOOK, YAHOO, ORANGE, LA_POSTE, FREE, SFR, APPLE, MICROSOFT_365 = range(1, 10)
MICROSOFT = (OUTLOOK, MICROSOFT_365)

Row = tuple[tuple[int, ...], re.Pattern[str], c.Cause]


def _row(pattern: str, cause: c.Cause, *who: int) -> Row:
    return who, re.compile(pattern, re.IGNORECASE | re.DOTALL), cause


TABLE: tuple[Row, ...] = (
    # Gmail
    _row(r"\b[45]\.7\.28\b", c.TOO_FAST, GMAIL),
    _row(r"\b[45]\.7\.(26|27|30|32)\b", c.NOT_AUTHENTICATED, GMAIL),
    _row(r"\b[45]\.7\.25\b", c.NO_REVERSE_NAME, GMAIL),
    _row(r"\b[45]\.7\.29\b", c.NO_TLS, GMAIL),
    _row(r"\b[45]\.2\.1\b.*(rate|prevents additional)", c.PERSON_TOO_FAST, GMAIL),
    _row(r"low reputation of the sending domain", c.BAD_DOMAIN_REPUTATION, GMAIL),
    _row(r"low reputation of the (sending )?IP|reputation of the sending IP", c.BAD_ADDRESS_REPUTATION, GMAIL),
    _row(r"unusual rate of unsolicited mail", c.TOO_FAST, GMAIL),
    _row(r"likely unsolicited|suspicious due to the nature of the content|blocked because its content", c.SPAM, GMAIL),
    # Microsoft
    _row(r"5\.7\.515\b", c.NOT_AUTHENTICATED, *MICROSOFT),
    _row(
        r"S3140|S3150|S3114|on our block ?list|5\.7\.6(0[6-9]|[1-4]\d)\b|banned sending IP",
        c.BAD_ADDRESS_REPUTATION,
        *MICROSOFT,
    ),
    _row(r"4\.7\.65[0-9]\b|\bRP-00[1-3]\b|rate limited due to IP reputation", c.TOO_FAST, *MICROSOFT),
    _row(r"\b(SC-001|SC-002|SC-004)\b|S2017|5\.7\.708\b", c.BAD_ADDRESS_REPUTATION, *MICROSOFT),
    _row(r"\bDY-00[12]\b", c.NO_REVERSE_NAME, *MICROSOFT),
    _row(r"5\.7\.509\b|does not pass DMARC", c.NOT_AUTHENTICATED, *MICROSOFT),
    _row(r"5\.4\.1\b.*access denied|5\.1\.10\b|RESOLVER\.ADR\.(RecipNotFound|RecipientNotFound)", c.DEAD),
    # Yahoo
    _row(r"\[?(IP)?TSS?0[1-4]\]?|user complaints", c.COMPLAINTS, YAHOO),
    _row(r"\[?TSS?(0[5-9]|1\d)\]?", c.BAD_ADDRESS_REPUTATION, YAHOO),
    _row(r"\[?PH01\]?", c.SPAM, YAHOO),
    _row(r"5\.7\.9\b|authentication checks", c.NOT_AUTHENTICATED, YAHOO),
    _row(r"\b554 30\b|mailbox is disabled", c.DISABLED, YAHOO),
    # Orange: the last three digits of OFRxxx_yyy say why
    _row(r"OFR\d*_10[45]\b|trop de connexions", c.TOO_MANY_CONNECTIONS, ORANGE),
    _row(r"OFR\d*_416\b|destinataire invalide", c.DEAD, ORANGE),
    _row(r"OFR\d*_417\b|boite pleine|bo[iî]te pleine", c.FULL, ORANGE),
    _row(r"OFR\d*_(405|406)\b", c.SENDER, ORANGE),
    _row(r"OFR\d*_(515|517)\b", c.NOT_AUTHENTICATED, ORANGE),
    _row(r"OFR\d*_5(06|10|13)\b|mail rejete", c.SPAM, ORANGE),
    _row(r"OFR\d*_(10[0-36-9]|403|503|999)\b|service refuse", c.BAD_ADDRESS_REPUTATION, ORANGE),
    # La Poste, with Orange's way of counting
    _row(r"LPN\d*_10[45]\b", c.TOO_MANY_CONNECTIONS, LA_POSTE),
    _row(r"LPN\d*_416\b", c.DEAD, LA_POSTE),
    _row(r"LPN\d*_417\b", c.FULL, LA_POSTE),
    _row(r"LPN\d*_405\b|emetteur invalide", c.SENDER, LA_POSTE),
    _row(r"LPN\d*_51[57]\b", c.NOT_AUTHENTICATED, LA_POSTE),
    _row(r"LPN\d*_5(06|10)\b", c.SPAM, LA_POSTE),
    _row(r"LPN\d*_503\b|service refuse", c.BAD_ADDRESS_REPUTATION, LA_POSTE),
    # Free, SFR
    _row(r"too many spams? from your IP|postmaster\.free\.fr|spam detected", c.BAD_ADDRESS_REPUTATION, FREE),
    _row(r"excessive|too many (errors|messages)|rate", c.TOO_FAST, SFR),
    # Apple
    _row(r"\[?CS01\]?|rejected due to local policy", c.SPAM, APPLE),
    _row(r"\[?HM08\]?|\[?HM0\d\]?", c.BAD_ADDRESS_REPUTATION, APPLE),
    # anybody's: lists by name
    _row(
        r"surbl|uribl|dbl\.spamhaus|\bDBL\b|URL (is )?(listed|blacklisted)|link.{0,30}(black|block)list", c.LISTED_LINK
    ),
    _row(
        r"spamhaus|\b(SBL|XBL|PBL|CSS|ZEN)\b|spamcop|barracudacentral|sorbs|abusix|invaluement|\bRBL\b|"
        r"(black|block|deny) ?-?list",
        c.LISTED,
    ),
    # anybody's: words
    _row(r"CERTIFICATE_VERIFY_FAILED|certificate verify failed", c.CERTIFICATE),
    _row(
        r"STARTTLS is not offered|after STARTTLS|WRONG_VERSION_NUMBER|is not SMTP|neither AUTH PLAIN nor", c.ENCRYPTION
    ),
    _row(
        r"^(Connection refused|No route to host|Network is unreachable|Name or service not known|no answer in time|"
        r"Temporary failure in name resolution|the server closed the connection|the connection was cut)",
        c.UNREACHABLE,
    ),
    _row(r"5\.7\.(20|21|22|26|27|30)\b|\bDMARC\b|\bSPF\b|\bDKIM\b|unauthenticated", c.NOT_AUTHENTICATED),
    _row(r"5\.7\.25\b|reverse dns|\bPTR\b|rDNS|no reverse", c.NO_REVERSE_NAME),
    _row(r"must issue a STARTTLS|requires? TLS|encryption (is )?required", c.NO_TLS),
    _row(r"grey ?-?list|gray ?-?list|try again (in|after) \d+ (s|min)", c.GREETING),
    _row(
        r"too many (concurrent |simultaneous )?(connections|sessions)|connection (rate )?limit", c.TOO_MANY_CONNECTIONS
    ),
    _row(
        r"rate ?-?limit|throttl|too (many|much) (mail|messages|requests)|\b429\b|slow down|sending limit|excessive",
        c.TOO_FAST,
    ),
    _row(r"complain", c.COMPLAINTS),
    _row(
        r"blocked by (the )?(user|recipient)|recipient.{0,30}(has )?blocked|not accepting mail from",
        c.BLOCKED_BY_PERSON,
    ),
    _row(
        r"mailbox (is )?(disabled|inactive|suspended|locked)|account (is )?(disabled|inactive|suspended|closed)|"
        r"\b5\.2\.1\b",
        c.DISABLED,
    ),
    _row(
        r"\b[45]\.2\.2\b|over ?quota|quota exceeded|(mailbox|inbox) (is )?full|out of storage|insufficient storage",
        c.FULL,
    ),
    _row(r"5\.3\.4\b|5\.2\.3\b|too (large|big)|size limit|exceeds.{0,20}size", c.SIZE),
    _row(
        r"\b5\.1\.(1|2|3|10)\b|user unknown|unknown user|no such (user|mailbox|recipient)|does(n't| not) exist|"
        r"mailbox (not found|unavailable)|recipient (not found|rejected: user)|unknown recipient",
        c.DEAD,
    ),
    _row(r"5\.1\.[78]\b|sender (address )?(rejected|invalid|refused)|domain of sender", c.SENDER),
    _row(
        r"\b53[0458]\b|5\.7\.(3|8|11|14|60)\b|relay(ing)? (access )?denied|authentication required|not verified",
        c.LOGIN,
    ),
    _row(
        r"security polic|administrative prohibition|company policy|organi[sz]ation.{0,40}(policy|block)|mimecast|"
        r"recipient.{0,20}(restricted|not authorized)",
        c.THEIR_RULES,
    ),
    _row(r"reputation|poor reputation|senderscore", c.BAD_ADDRESS_REPUTATION),
    _row(r"spam|unsolicited|junk|content (rejected|filter)|virus|phish", c.SPAM),
    _row(r"5\.6\.\d|5\.5\.2\b|malformed|invalid header|RFC ?5322|bare (cr|lf)|attachment", c.FORM),
    _row(r"\b4\.(3|4)\.\d|try (again )?later|temporar|internal error|timed? ?out|unavailable|system error", c.TROUBLE),
)

"""SparkPost: a message and a code; limits come with a status of their own, 420.

developers.sparkpost.com/api/#header-errors (extended error codes 1500 to 7001).
"""

from delivery.dialects.phrases import Meaning, says


def _code(numbers: str) -> str:
    return rf'"code"\s*:\s*"?({numbers})\b'


PHRASES = (
    says(Meaning.ACCOUNT, r"exceed sending limit \(sandbox\)"),
    says(Meaning.QUOTA, r"exceed sending limit"),
    says(Meaning.TOO_FAST, _code("1502")),
    says(Meaning.ACCOUNT, _code("1601")),
    says(Meaning.SENDER, r"(unconfigured|invalid) sending domain|" + _code("700[01]")),
    says(Meaning.ADDRESS, _code("5002")),
    says(Meaning.LISTED, r"suppress"),
    says(Meaning.SIZE, _code("2002")),
    says(Meaning.CONTENT, _code(r"30\d\d|1902|10002|10000")),
    # 200, and not one was accepted: on the list of those it does not write to
    says(Meaning.LISTED, r'"total_accepted_recipients"\s*:\s*0', statuses=frozenset({200})),
)

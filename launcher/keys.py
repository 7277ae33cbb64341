"""The installation's key rings, made once. What each is for is in `common/keys.py`, which reads them."""

import base64
import secrets

from launcher.state import State

FILE = "keys.json"


def ensure(state: State) -> bool:
    """Make keys.json where there is none; True when it was made now."""
    if state.read(FILE):
        return False
    rings = {
        "session": [secrets.token_urlsafe(48)],
        "link": {"1": secrets.token_hex(32)},
        "encryption": [base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()],
    }
    state.write(FILE, rings)
    return True

from tests.contacts.fixtures import camille, newsletter, statement

__all__ = ["camille", "newsletter", "statement"]

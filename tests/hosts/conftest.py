from tests.delivery.conftest import clients, make_people

__all__ = ["clients", "make_people"]

import pytest

from contacts.imports.mapping import field_key, guess, slug
from contacts.models import ContactField


@pytest.mark.parametrize(
    ("columns", "values", "targets"),
    [
        ("email,first_name,last_name,city", "a@b.fr,x,y,Lyon", "address first_name last_name new:city"),
        ("Email Address,First Name,MEMBER_RATING", "a@b.fr,,3", "address first_name "),
        ("EMAIL,PRENOM,NOM,LANGUE", "a@b.fr,,,fr", "address first_name last_name language"),
        ("DOUBLE_OPT-IN,EMAIL", "Oui,a@b.fr", "new:double_opt_in address"),
        ("email|name|attributes", 'a@b.fr|Zoé Roux|{"city": "Lyon"}', "address name attributes"),
        ("Adresse e-mail,Prénom,Adresse", "a@b.fr,Zoé,2 rue Haute", "address first_name new:adresse"),
        ("Qui,Ville", "a@b.fr,Lyon", "address new:ville"),
        ("email,email,", "a@b.fr,a@b.fr,", "address new:email_2 "),
        ("email,line,reason,explanation", "a@b.fr,4,broken,x", "address   "),
        ("email,Ville,ville", "a@b.fr,x,y", "address new:ville new:ville_2"),
    ],
)
def test_columns_of_known_exports_are_guessed(columns: str, values: str, targets: str) -> None:
    delimiter = "|" if "|" in columns else ","

    found = guess(columns.split(delimiter), [values.split(delimiter)], [])

    assert list(found.values()) == targets.split(" ")


def test_column_called_as_a_field_is_matched_to_it() -> None:
    field = ContactField(pk=7, key="ville", label="Ville de résidence")

    assert guess(["email", "VILLE"], [["a@b.fr", "Lyon"]], [field])["1"] == "field:7"
    assert guess(["email", "ville de residence"], [["a@b.fr", "Lyon"]], [field])["1"] == "field:7"


def test_keys_are_names_that_templates_can_say() -> None:
    assert slug("Numéro de client (n°)") == "numero_de_client_n"
    assert field_key("2024 total") == "f_2024_total"
    assert field_key("Email") == "email_2"
    assert field_key("!!!") == "field"

from argon2 import PasswordHasher

from spaceport.accounts import passwords


def test_the_right_password_verifies_and_a_wrong_one_does_not():
    stored = passwords.hashed("correct horse battery")
    assert passwords.verified("correct horse battery", stored)
    assert not passwords.verified("correct horse batterz", stored)
    assert "correct" not in stored


def test_an_unknown_user_never_verifies():
    assert not passwords.verified("correct horse battery", None)


def test_an_unknown_user_costs_a_hash_too(monkeypatch):
    verifications = []

    class Counting(PasswordHasher):
        def verify(self, stored, password):
            verifications.append(stored)
            return super().verify(stored, password)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    passwords.verified("correct horse battery", None)
    assert len(verifications) == 1


def test_a_stored_text_that_is_no_hash_does_not_verify():
    assert not passwords.verified("anything at all", "!")


def test_a_hash_made_with_other_parameters_is_outdated():
    weaker = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("correct horse battery")
    assert passwords.outdated(weaker)
    assert not passwords.outdated(passwords.hashed("correct horse battery"))

"""Registering: a user, and the personal team that everything of theirs belongs to."""

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from spaceport import errors
from spaceport.accounts import passwords, teams
from spaceport.accounts.model import Account, Registration, User, UserPublic


def register(session: Session, registration: Registration) -> Account:
    """Raises `errors.Conflict`, code `email_taken`.

    That answer does tell who has an account. Hiding it would need a confirmation by mail, and none is sent.
    """
    user = User(
        email=registration.email,
        name=registration.name,
        password_hash=passwords.hashed(registration.password.get_secret_value()),
    )
    session.add(user)
    try:
        session.flush()
    except IntegrityError:
        raise errors.Conflict(
            "There is an account with this e-mail address already.",
            code="email_taken",
            fix="Sign in, or register with another address.",
        ) from None
    team = teams.create(session, owner_id=user.id, name=user.name, personal=True)
    return Account(user=UserPublic.model_validate(user, from_attributes=True), teams=[team])

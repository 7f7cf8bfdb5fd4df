"""What the pages of one space have in common: their address, their tabs, and what the visitor may do there."""

from typing import Annotated, Any

from fastapi import Path
from sqlmodel import Session

from spaceport import clock
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.dashboard import forms
from spaceport.spaces import deploy_rules, gates
from spaceport.spaces.model import NAME_PATTERN, Space

Owner = Annotated[str, Path(pattern=NAME_PATTERN, max_length=96)]
Name = Annotated[str, Path(pattern=NAME_PATTERN, max_length=96)]
Sent = forms.Sent


def context(caller: Caller, space: Space, here: str) -> dict[str, Any]:
    """For a template that extends `space_frame.html`; `here` is a key of `words.SPACE_PAGES`."""
    role = caller.teams[space.team_id]
    return {
        "space": space,
        "here": here,
        "may_deploy": role.covers(Role.DEPLOYER),
        "may_change": role.covers(Role.ADMIN),
    }


def held_back(session: Session, space: Space) -> dict[str, Any]:
    """For `fragments/held.html`: the lock that holds now, and until when the space is frozen."""
    rules, now = deploy_rules.of(session, space), clock.now()
    return {
        "lock": rules.lock if gates.locked(rules, now) else None,
        "frozen_until": gates.frozen_until(rules, now),
    }

"""Secrets, variables and volumes of a Space on the Hub (its contract, sections 5 and 6.2). One call each."""

from collections.abc import Mapping, Sequence
from typing import Any

from huggingface_hub import HfApi, Volume, get_session, hf_raise_for_status

from spaceport.hub.failures import HubFailure, translated
from spaceport.hub.model import Entry, NewCopy

Entries = Mapping[str, Entry]


class Configuration:
    """Every method raises HubFailure and nothing else. A change of a running Space makes the Hub start it again."""

    def __init__(self, api: HfApi) -> None:
        self._api = api

    @translated
    def secrets(self, repo_id: str) -> Entries:
        """Values are never told, not even to the owner."""
        found = self._api.get_space_secrets(repo_id)
        return {key: Entry(key, None, each.description, each.updated_at) for key, each in found.items()}

    @translated
    def variables(self, repo_id: str) -> Entries:
        return _variables(self._api.get_space_variables(repo_id))

    def set_secret(self, repo_id: str, key: str, value: str, description: str | None) -> None:
        try:
            self._set_secret(repo_id, key, value, description)
        except HubFailure as failure:
            if value not in failure.message:
                raise
            # The cause would repeat it as well.
            raise failure.without(value) from None

    @translated
    def delete_secret(self, repo_id: str, key: str) -> None:
        """One that is not there is fine."""
        self._api.delete_space_secret(repo_id, key)

    @translated
    def set_variable(self, repo_id: str, key: str, value: str, description: str | None) -> Entries:
        """Returns all variables as they are then."""
        return _variables(self._api.add_space_variable(repo_id, key, value, description=description))

    @translated
    def delete_variable(self, repo_id: str, key: str) -> Entries:
        """Returns all variables as they are then. One that is not there is fine."""
        return _variables(self._api.delete_space_variable(repo_id, key))

    @translated
    def set_volumes(self, repo_id: str, volumes: Sequence[Mapping[str, Any]]) -> None:
        """Put these in the place of all that are attached."""
        self._api.set_space_volumes(repo_id, [Volume(**volume) for volume in volumes])

    @translated
    def delete_volumes(self, repo_id: str) -> None:
        """Raises HubFailure 400 when none is attached."""
        self._api.delete_space_volumes(repo_id)

    @translated
    def duplicate(self, repo_id: str, copy: NewCopy) -> None:
        """Copy files and variables under another name. Secrets are not copied: `copy` brings them.

        Not through the library: it prints warnings about sleep times to stderr.
        """
        wanted = {
            "repository": copy.repo_id,
            "visibility": copy.visibility,
            "hardware": copy.hardware,
            "sleepTimeSeconds": copy.sleep_time,
            "secrets": [_given(entry) for entry in copy.secrets] or None,
            "variables": [_given(entry) for entry in copy.variables] or None,
            "volumes": [Volume(**volume).to_dict() for volume in copy.volumes] or None,
        }
        answer = get_session().post(
            f"{self._api.endpoint}/api/spaces/{repo_id}/duplicate",
            json={name: value for name, value in wanted.items() if value is not None},
            headers={"Authorization": f"Bearer {self._api.token}"},
        )
        hf_raise_for_status(answer)

    @translated
    def _set_secret(self, repo_id: str, key: str, value: str, description: str | None) -> None:
        self._api.add_space_secret(repo_id, key, value, description=description)


def _variables(found: Mapping[str, Any]) -> Entries:
    return {key: Entry(key, each.value, each.description, each.updated_at) for key, each in found.items()}


def _given(entry: Entry) -> dict[str, str]:
    told = {"key": entry.key, "value": entry.value, "description": entry.description}
    return {name: text for name, text in told.items() if text is not None}

"""The Hub's runtime control of one Space (its contract, sections 3 and 6): stage, hardware, address, who may see it."""

from typing import Any

from huggingface_hub import HfApi, get_session, hf_raise_for_status

from spaceport.hub.failures import HubFailure, translated
from spaceport.hub.model import Runtime

# Longer than any verification lasts.
_VISIT_SECONDS = 2 * 3600


class Control:
    """What `Hub` can do to a Space that runs. One HTTP request each."""

    endpoint: str
    token: str
    _api: HfApi

    @translated
    def runtime(self, repo_id: str) -> Runtime:
        return Runtime.parse(self._api.get_space_runtime(repo_id).raw)

    @translated
    def pause(self, repo_id: str) -> Runtime:
        return Runtime.parse(self._api.pause_space(repo_id).raw)

    @translated
    def restart(self, repo_id: str, *, factory: bool = False) -> Runtime:
        return Runtime.parse(self._api.restart_space(repo_id, factory_reboot=factory).raw)

    @translated
    def set_hardware(self, repo_id: str, hardware: str, sleep_time: int | None) -> Runtime:
        together = {} if sleep_time is None else {"sleepTimeSeconds": sleep_time}
        return self._changed(repo_id, "hardware", {"flavor": hardware} | together)

    @translated
    def set_sleep_time(self, repo_id: str, seconds: int) -> Runtime:
        return self._changed(repo_id, "sleeptime", {"seconds": seconds})

    @translated
    def set_replicas(self, repo_id: str, count: int) -> Runtime:
        return self._changed(repo_id, "replicas", {"replicas": count})

    @translated
    def set_dev_mode(self, repo_id: str, *, enabled: bool) -> Runtime:
        return self._changed(repo_id, "dev-mode", {"enabled": enabled})

    @translated
    def set_visibility(self, repo_id: str, visibility: Any) -> None:
        self._api.update_repo_settings(repo_id, visibility=visibility, repo_type="space")

    @translated
    def move(self, repo_id: str, to: str) -> None:
        self._api.move_repo(repo_id, to, repo_type="space")

    def delete(self, repo_id: str) -> bool:
        """Delete the Space on the Hub. False when there is none, or it is hidden from this account."""
        try:
            self._delete(repo_id)
        except HubFailure as failure:
            if failure.status != 404:
                raise
            return False
        return True

    @translated
    def visit_token(self, repo_id: str) -> str:
        """Opens the app of this private Space and nothing else, for two hours.

        The app itself may get to see it, which is why it is never the account's own token (the contract, 12.6).
        """
        address = f"{self.endpoint}/api/spaces/{repo_id}/jwt"
        answer = get_session().get(address, params={"expires_in": _VISIT_SECONDS}, headers=self._headers())
        hf_raise_for_status(answer)
        return str(answer.json()["token"])

    @translated
    def _delete(self, repo_id: str) -> None:
        self._api.delete_repo(repo_id, repo_type="space")

    def _changed(self, repo_id: str, what: str, body: dict[str, Any]) -> Runtime:
        """Not through the library: it has no call for replicas, and prints warnings about sleep times to stderr."""
        answer = get_session().post(f"{self.endpoint}/api/spaces/{repo_id}/{what}", json=body, headers=self._headers())
        hf_raise_for_status(answer)
        return Runtime.parse(answer.json())

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

"""What to do on the host by hand, in its own words. Pure."""

from collections.abc import Mapping

from spaceport.webhooks.providers import Provider

_STEPS: Mapping[Provider, tuple[str, ...]] = {
    Provider.GITHUB: (
        "Open the repository on GitHub: Settings, Webhooks, Add webhook.",
        "Payload URL: {url}",
        "Content type: application/json. Secret: the hook's secret.",
        "Choose “Just the push event”, leave SSL verification on, and add it. GitHub sends a ping at once.",
    ),
    Provider.GITLAB: (
        "Open the project on GitLab: Settings, Webhooks, Add new webhook.",
        "URL: {url}",
        "Signing token: the hook's secret; in a GitLab without signing tokens put it into Secret token.",
        "If GitLab made a signing token itself, give it to this hook instead: rotate the hook's secret.",
        "Tick Push events and Tag push events, leave SSL verification on, and add it.",
        "Press Test, Push events: that verifies the hook.",
    ),
    Provider.BITBUCKET: (
        "Open the repository on Bitbucket: Repository settings, Webhooks, Add webhook.",
        "URL: {url}",
        "Secret: the hook's secret. Without one, Bitbucket signs nothing and its calls are refused.",
        "Trigger: Repository push. Save it, and push: that verifies the hook.",
    ),
    Provider.GITEA: (
        "Open the repository on Gitea: Settings, Webhooks, Add Webhook, Gitea.",
        "Target URL: {url}",
        "HTTP method POST, content type application/json. Secret: the hook's secret.",
        "Trigger on Push Events and add it. Its Test Delivery button verifies the hook.",
    ),
    Provider.FORGEJO: (
        "Open the repository on Forgejo: Settings, Webhooks, Add webhook, Forgejo.",
        "Target URL: {url}",
        "HTTP method POST, content type application/json. Secret: the hook's secret.",
        "Trigger on Push events and add it. Its Test delivery button verifies the hook.",
    ),
    Provider.HUGGINGFACE: (
        "Open https://huggingface.co/settings/webhooks and add a webhook.",
        "Watch this repository: {repository}",
        "URL: {url}",
        "Secret: the hook's secret. Events: Repo update. Create it; the next commit verifies the hook.",
    ),
}


def steps(provider: Provider, *, repository: str, url: str) -> list[str]:
    return [step.format(url=url, repository=repository) for step in _STEPS[provider]]

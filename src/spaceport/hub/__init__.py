"""The Hub in our words: a handful of verbs over its HTTP protocol. The only package that imports huggingface_hub."""

from spaceport.hub.client import Hub
from spaceport.hub.failures import BudgetSpent, HubFailure
from spaceport.hub.model import HardwareOffer, Head, Identity, LogLine, NewSpace, RemoteFile, Runtime
from spaceport.hub.transport import unless

__all__ = [
    "BudgetSpent",
    "HardwareOffer",
    "Head",
    "Hub",
    "HubFailure",
    "Identity",
    "LogLine",
    "NewSpace",
    "RemoteFile",
    "Runtime",
    "unless",
]

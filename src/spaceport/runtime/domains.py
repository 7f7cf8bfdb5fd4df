"""The domains of a Space in words (the Hub's contract, sections 6.1 and 12.6). Pure."""

from typing import Any

from spaceport.runtime.model import DnsRecord, DomainPublic

# The one target of all custom domains; they are added on the Space's settings page, there is no call for it.
_TARGET = "hf.space"
_MEANINGS = {
    "READY": "It works.",
    "PENDING": "The Hub is still setting it up. Set the DNS record, if it is not there yet, and wait.",
    "PENDING_CHALLENGE": "The Hub is proving that the domain is yours before it gets a certificate. Leave the record.",
    "EXPIRED_CHALLENGE": "The Hub could not prove in time that the domain is yours. Correct the DNS record, then remove"
    " the domain on the Space's settings page and add it again.",
    "MISCONFIGURED": "The DNS record leads elsewhere. Set it as shown.",
}
_UNKNOWN = "The Hub does not say more about this stage."


def public(domain: dict[str, Any]) -> DomainPublic:
    name, stage, custom = str(domain.get("domain", "")), str(domain.get("stage", "")), bool(domain.get("isCustom"))
    record = DnsRecord(type="CNAME", name=name, value=_TARGET) if custom else None
    return DomainPublic(domain=name, custom=custom, stage=stage, meaning=_MEANINGS.get(stage, _UNKNOWN), record=record)

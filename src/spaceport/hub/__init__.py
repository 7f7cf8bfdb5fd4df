"""The Hub in our words: a handful of verbs over its HTTP protocol. The only package that imports huggingface_hub."""

from spaceport.hub.client import Hub
from spaceport.hub.failures import BudgetSpent, HubFailure
from spaceport.hub.job_info import JobHardware, JobInfo, ScheduledJobInfo
from spaceport.hub.job_spec import JobSpec, Labels, ReleaseJob
from spaceport.hub.jobs import HubJobs, JobPage
from spaceport.hub.model import (
    Entry,
    HardwareOffer,
    Head,
    Identity,
    LogLine,
    NewCopy,
    NewSpace,
    RemoteFile,
    Runtime,
)
from spaceport.hub.transport import unless

__all__ = [
    "BudgetSpent",
    "Entry",
    "HardwareOffer",
    "Head",
    "Hub",
    "HubFailure",
    "HubJobs",
    "Identity",
    "JobHardware",
    "JobInfo",
    "JobPage",
    "JobSpec",
    "Labels",
    "LogLine",
    "NewCopy",
    "NewSpace",
    "ReleaseJob",
    "RemoteFile",
    "Runtime",
    "ScheduledJobInfo",
    "unless",
]

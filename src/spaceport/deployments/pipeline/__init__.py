"""The jobs of a deployment. Each begins by looking, so that running one again costs a look, not a second push."""

from spaceport.deployments.pipeline.build import build
from spaceport.deployments.pipeline.health_check import health_check
from spaceport.deployments.pipeline.pre_deploy import pre_deploy
from spaceport.deployments.pipeline.push import push
from spaceport.jobs.model import JobKind

PIPELINE = {
    JobKind.PUSH: push,
    JobKind.PRE_DEPLOY: pre_deploy,
    JobKind.BUILD: build,
    JobKind.HEALTH_CHECK: health_check,
}

__all__ = ["PIPELINE"]

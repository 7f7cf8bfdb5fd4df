"""Runtime control: pause, restart, hardware, sleep, volumes, dev mode."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localhub import hardware
from localhub.api import bodies, context, present
from localhub.errors import HubError
from localhub.runner import volumes
from localhub.spaces.model import Space


async def runtime(request: Request) -> Response:
    return _answer(request, context.readable(request))


async def pause(request: Request) -> Response:
    space = _running_kind(request)
    context.hub(request).runner.of(space).halt("PAUSED")
    return _answer(request, space)


async def restart(request: Request) -> Response:
    space = _running_kind(request)
    factory = request.query_params.get("factory", "").lower() == "true"
    context.hub(request).runner.of(space).deploy(restart=True, factory=factory)
    return _answer(request, space)


async def set_hardware(request: Request) -> Response:
    space, hub = _running_kind(request), context.hub(request)
    facts = await context.checked(request, bodies.Hardware)
    flavor = facts["flavor"]
    if flavor not in hardware.FREE and not hub.accounts.can_pay(space.owner):
        raise HubError(402, "Payment required: add a payment method to use paid hardware")
    if flavor in hardware.FREE and facts.get("sleepTimeSeconds") is not None:
        raise _not_configurable(flavor)
    if problem := hardware.problem(flavor, space.sdk):
        raise HubError(400, problem)
    space.sleep_time = facts.get("sleepTimeSeconds", space.sleep_time)
    if flavor == space.hardware:
        hub.store.save(space)
    else:
        space.hardware = flavor
        hub.configured(space)
    return _answer(request, space)


async def set_sleep_time(request: Request) -> Response:
    space = _running_kind(request)
    seconds = (await context.checked(request, bodies.Sleep))["seconds"]
    if space.hardware in hardware.FREE:
        raise _not_configurable(space.hardware)
    space.sleep_time = seconds
    context.hub(request).store.save(space)
    return _answer(request, space)


async def set_volumes(request: Request) -> Response:
    space, hub = _running_kind(request), context.hub(request)
    if request.method == "DELETE" and not space.volumes:
        raise HubError(400, "No volumes are attached to this Space")
    given = await context.checked(request, bodies.Volumes) if request.method == "PUT" else {"volumes": []}
    if problem := volumes.problem(given["volumes"]):
        raise HubError(400, problem)
    space.volumes = given["volumes"]
    hub.configured(space)
    return JSONResponse(given)


async def replicas(request: Request) -> Response:
    space = _running_kind(request)
    count = (await context.checked(request, bodies.Replicas))["replicas"]
    if count > 1 and space.hardware in hardware.FREE:
        raise HubError(400, "More than one replica needs paid hardware")
    space.replicas = count
    context.hub(request).store.save(space)
    return _answer(request, space)


async def dev_mode(request: Request) -> Response:
    space, hub = _running_kind(request), context.hub(request)
    if (await context.checked(request, bodies.DevMode))["enabled"]:
        raise HubError(403, "Dev Mode is not available: localhub has no container that could be logged into")
    space.dev_mode = False
    hub.store.save(space)
    return _answer(request, space)


def _running_kind(request: Request) -> Space:
    space = context.writable(request)
    if space.sdk == "static":
        raise HubError(400, "This is not available for static Spaces")
    return space


def _not_configurable(flavor: str) -> HubError:
    return HubError(400, f"The sleep time of {hardware.FLAVORS[flavor].title} is not configurable")


def _answer(request: Request, space: Space) -> Response:
    return JSONResponse(present.runtime(context.hub(request), space))


_SPACE = "/api/spaces/{owner}/{name}"
ROUTES = [
    Route(f"{_SPACE}/runtime", runtime),
    Route(f"{_SPACE}/pause", pause, methods=["POST"]),
    Route(f"{_SPACE}/restart", restart, methods=["POST"]),
    Route(f"{_SPACE}/hardware", set_hardware, methods=["POST"]),
    Route(f"{_SPACE}/sleeptime", set_sleep_time, methods=["POST"]),
    Route(f"{_SPACE}/volumes", set_volumes, methods=["PUT", "DELETE"]),
    Route(f"{_SPACE}/replicas", replicas, methods=["POST"]),
    Route(f"{_SPACE}/dev-mode", dev_mode, methods=["POST"]),
]

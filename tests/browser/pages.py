"""Every page of the dashboard, once. A page that is added here is looked at by the walk of `test_every_page.py`.

`{space}`, `{deployment}`, `{failed}` and `{team}` stand for the addresses that the fixture `places` there makes.
"""

OUTSIDE = ("/sign-in", "/sign-up", "/docs")
INSIDE = (
    "/",
    "/spaces/new",
    "/account",
    "/teams",
    "{team}",
    "/?select=yes",
    "{space}",
    "{space}/deployments",
    "{space}/releases/1/rollback",
    "{space}/configuration",
    "{space}/configuration/variables/COLOR",
    "{space}/logs",
    "{space}/pushes",
    "{space}/pushes/rules",
    "{space}/pushes/ci",
    "{space}/activity",
    "{space}/settings",
    "{space}/settings/hardware?hardware=t4-small",
    "{deployment}",
    "{failed}",
    "/storybook",
)
# Drawn by a program that others made: as heavy as it is, and as accessible.
BY_OTHERS = ("/docs",)

"""What strangers send: every item with the reason it is refused for, gathered here to be read.

`urls` (health checks, hooks, clones), `names` (refs, folders), `archives`. The tests that refuse them through the
doors of the code are in tests/unit/test_hostile.py and, over real sockets and real git, in tests/integration/.
"""

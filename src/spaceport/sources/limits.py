"""How much of a stranger's input we take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The defaults fit a large Space and still bound what one fetch can cost a worker.

    While a repository is fetched, up to twice `total_bytes` lies on disk: the pack and the files.
    """

    total_bytes: int = 500_000_000
    """All files together, unpacked; also the most a fetched pack may weigh."""
    files: int = 20_000
    """Files, and in an archive its folders too. The Hub advises against more per commit."""
    depth: int = 32
    """Components of one path."""
    path_bytes: int = 1024
    """One whole path in UTF-8. A single component may have 255, as the filesystems have it."""
    seconds: float = 120
    """Wall-clock time of one fetch, all of its Git commands together."""
    ratio: int = 200
    """Unpacked to packed size of an archive, past the first 10 MB."""


DEFAULT = Limits()

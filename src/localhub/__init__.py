"""A Hub on your own machine.

Speaks the Hub's HTTP protocol to the unmodified `huggingface_hub` client and `hf` CLI, really builds and
runs what was pushed, and serves it on a loopback port.

    api/      doors: parse, authorise, call one part, present
    spaces/   what a Space is, and where it is kept
    git/      bare repositories, read and written with git itself
    runner/   builds, processes, logs and the address of each Space
"""

__version__ = "0.1.0"

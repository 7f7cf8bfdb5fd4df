"""What the demo shows: finished steps stay as lines, the current one moves. Plain lines where there is no terminal."""

import time
from collections import deque
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

_LOG_LINES = 8


class Display:
    """Times are in seconds of the epoch, so that a step can begin and end when an event says it did."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._moves = console.is_terminal
        self._step = ""
        self._since = 0.0
        self._spinner = Spinner("dots")
        self._lines: deque[Text] = deque(maxlen=_LOG_LINES)
        self._live = Live(console=console, get_renderable=self._current, refresh_per_second=10, transient=True)

    def __enter__(self) -> Self:
        if self._moves:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            for line in self._lines:
                self._console.print(line)
            self._end("✗", "bold red", time.time())
        if self._moves:
            self._live.stop()

    def begin(self, step: str, at: float | None = None) -> None:
        """Ends the step before it."""
        at = at or time.time()
        self.done(at)
        self._step, self._since = step, at
        self._lines.clear()

    def done(self, at: float | None = None) -> None:
        self._end("✓", "bold green", at or time.time())

    def line(self, log: str, text: str) -> None:
        line = Text(f"  {log:>5} │ {text}", style="dim")
        if self._moves:
            line.no_wrap, line.overflow = True, "ellipsis"
            self._lines.append(line)
        else:
            self._console.print(line, soft_wrap=True)

    def _end(self, mark: str, style: str, at: float) -> None:
        if not self._step:
            return
        row = Text.assemble((f"  {mark} ", style), f"{self._step:<44}", (f"{max(0.0, at - self._since):6.1f} s", "dim"))
        self._step = ""
        self._console.print(row)

    def _current(self) -> Group:
        if not self._step:
            return Group()
        seconds = f"{time.time() - self._since:6.1f} s"
        self._spinner.update(text=Text.assemble(f"{self._step:<44}", (seconds, "dim")), style="cyan")
        return Group(Text("  ", end=""), self._spinner, *self._lines)

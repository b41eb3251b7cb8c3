"""`clarion demo`: everything at work, on local networks, in a minute."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clarion.cli.terminal import shell
from clarion.cli.terminal.tables import table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from clarion.trial.demo import Outcome, Show


@click.command(epilog=shell.example("clarion demo", "clarion demo --picture demo.svg"))
@click.option(
    "--picture", type=click.Path(dir_okay=False, path_type=Path), help="Save the table as an SVG picture."
)
def demo(picture: Path | None) -> None:
    """See everything work on local networks, in a minute.

    Real posts are rendered, queued, approved and published, each once, in a throw-away campaign on a pinned date.
    Nothing leaves this machine.
    """
    from clarion.trial.demo import Show, run

    folder = Path(tempfile.mkdtemp(prefix="clarion-demo-"))
    show = Show()
    shell.say_so("Clarion demo: a campaign on three local networks. Nothing leaves this machine.")
    with _screen() as draw:

        def tell(now: Show) -> None:
            nonlocal show
            show = now
            draw(now)

        outcome = run(folder, tell)
    if outcome.found:
        shell.show(
            "One network took a post and dropped its answer. Clarion looked, found it, and did not send it again."
        )
    shell.show(f"A second publish sent {outcome.second_run or 'nothing'}.")
    shell.show("The timelines, to open in a browser:")
    for page in outcome.pages:
        shell.show(f"  {page}")
    if picture:
        _save(picture, show, outcome)
    shell.show("Your turn: clarion init")
    shell.show(f"{outcome.lost} lost · {outcome.doubled} doubled")
    if not outcome.good:
        shell.finish(shell.Code.TROUBLE)


#: The narrowest terminal, in columns, in which the live table tears no word.
_LEAST = 80


@contextmanager
def _screen() -> Iterator[Callable[[Show], None]]:
    """A table that fills up before one's eyes; without a wide terminal, a line per phase, then the table."""
    if shell.pretty() and shell.width() >= _LEAST:
        from rich.console import Console
        from rich.live import Live

        console = Console()
        with Live(console=console, refresh_per_second=12, vertical_overflow="visible") as live:
            yield lambda show: live.update(_table(show))
        return
    said: list[str] = []
    last: list[Show] = []

    def draw(show: Show) -> None:
        if show.phase and show.phase not in said:
            said.append(show.phase)
            shell.say_so(f"{show.phase} …")
        last[:] = [show]

    yield draw
    if last:
        table(
            [
                (row.what, row.network, row.language, row.extras, row.state, row.note or row.url)
                for row in last[0].rows.values()
            ],
            ("post", "network", "language", "with", "state", "where"),
        )


def _table(show: Show) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(show.phase), box=SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for column in ("post", "network", "", "with", "state", "where"):
        table.add_column(column, no_wrap=column != "where")
    styles = {"sent": "green", "in_doubt": "yellow", "failed": "red", "approved": "cyan", "rendered": "dim"}
    for row in show.rows.values():
        state = f"{row.state} {row.sent}/{row.parts}" if row.parts > 1 and row.sent else row.state
        table.add_row(
            row.what,
            row.network,
            row.language,
            row.extras,
            Text(state, style=styles.get(row.state, "")),
            Text(row.note or row.url, style="yellow" if row.note else ""),
        )
    return table


def _save(picture: Path, show: Show, outcome: Outcome) -> None:
    """The finished table as an SVG that fetches nothing."""
    console = _recorder()
    console.print(_table(show))
    console.print(f"{outcome.lost} lost · {outcome.doubled} doubled", style="bold green", highlight=False)
    picture.write_text(console.export_svg(title="clarion demo", code_format=_SVG), encoding="utf-8")


def _recorder() -> Console:
    import io

    from rich.console import Console

    return Console(record=True, width=110, file=io.StringIO(), force_terminal=True)


#: rich's own frame without its web font: the picture must not call anybody.
_SVG = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>clarion demo: each post published once to three networks</title>
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
 font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g>
</svg>
"""

"""Real networks that are local: a command at a terminal whose live addresses are servers on loopback.

Only a constructor can name them: no setting and no variable redirects a live address.
"""

from __future__ import annotations

from click.testing import CliRunner

from clarion.app import App
from clarion.cli import clarion
from tests.cli.terminal import Terminal
from tests.networks.conftest import Networks

_PROGRAM = (
    "from clarion.app import App; from clarion.cli import clarion;"
    " clarion.main(prog_name='clarion', obj=App(live_bases={urls!r}))"
)


class Local(Networks):
    """The networks, and somebody who types commands where these are the live ones."""

    def terminal(self, *words, **more):
        return Terminal(*words, program=_PROGRAM.format(urls=dict(self.urls)), **more)

    def types(self, *words, stdin=None, code=0):
        with App(live_bases=self.urls) as app:
            answer = CliRunner().invoke(clarion, list(words), obj=app, input=stdin)
        assert answer.exit_code == code, answer.output
        return answer

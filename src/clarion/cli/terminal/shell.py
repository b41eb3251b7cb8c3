"""How every command speaks: data to stdout, talk to stderr, errors as one sentence and a hint, honest exit codes.

In: plain values and whatever a command raises. Out: text for people and pipes, and an exit code. Nothing heavy is
imported here.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum
from time import monotonic
from typing import Any, NoReturn, TypeVar

import click

from clarion.errors import (
    AccountBlocked,
    ApprovalError,
    CheckFailed,
    ClarionError,
    OutboxBusy,
    PublishError,
)
from clarion.redaction import clean, without_known

T = TypeVar("T")

_PLAIN = "clarion.plain"
_FEW = 40
_ANSWERS = {"y": True, "yes": True, "n": False, "no": False, "": False}
#: Seconds after which somebody at a terminal wants to see that it goes on.
_SLOW = 2.0
_TIME = re.compile(r"(?:at )?\d{1,2}:\d{2}\b|\d+ (?:min|hour|day|week)|(?:free )?slot$")


class Code(IntEnum):
    """What the process answers with."""

    DONE = 0
    TROUBLE = 1  # something became failed or in doubt in this run
    USAGE = 2  # the command line, the campaign, the outbox or an account is not set up right
    BLOCKED = 3  # checks or a missing approval block
    UNEXPECTED = 70  # EX_SOFTWARE: a fault of Clarion's
    LATER = 75  # EX_TEMPFAIL: locked or paused; try again
    INTERRUPTED = 130  # 128 + SIGINT
    PIPE = 141  # 128 + SIGPIPE: who read our output left


# ── saying ────────────────────────────────────────────────────────────────────────────────────────────────────


def show(text: str) -> None:
    """Data, to stdout."""
    click.echo(printable(text))


def say_so(text: str) -> None:
    """Talk, to stderr."""
    click.echo(printable(text), err=True)


def complain(message: str, hint: str | None = None) -> None:
    """What is wrong, and what mends it, to stderr."""
    say_so(f"error: {message}")
    if hint:
        say_so(f"hint: {hint}")


def show_json(value: Any) -> None:
    """Data for programs, to stdout: dataclasses, times, paths and sets included."""
    import json

    ascii_only = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") != "utf8"
    click.echo(without_known(json.dumps(value, default=_plainly, ensure_ascii=ascii_only, indent=2)))


def counted(things: Iterable[T], total: int, doing: str, *, after: float = _SLOW) -> Iterator[T]:
    """The things as they come; once that takes over `after` seconds, a line counts them for somebody at a terminal.

    The line is written over itself and wiped away at the end. In a pipe, a log or a mail nothing is said.
    """
    if not sys.stderr.isatty():
        yield from things
        return
    began, line = monotonic(), ""
    try:
        for done, thing in enumerate(things, start=1):
            if monotonic() - began >= after:
                line = f"{doing}: {done} of {total}"
                click.echo(f"\r{line}", err=True, nl=False)
            yield thing
    finally:
        if line:
            click.echo(f"\r{' ' * len(line)}\r", err=True, nl=False)


def banner_of_rehearsal() -> None:
    """What every command says first in rehearsal."""
    say_so("REHEARSAL: nothing leaves this machine. For real: clarion live")


def example(*lines: str) -> str:
    """A command's epilog: how it is typed."""
    return "\n  ".join(["\b\nExample:", *lines])


def width() -> int:
    """How many columns the terminal has."""
    from shutil import get_terminal_size

    return get_terminal_size().columns


def printable(text: str) -> str:
    """The text without our secrets and what could steer a terminal or turn the reading direction; line breaks stay."""
    return "".join("�" if _steers(char) else char for char in without_known(text))


# ── asking ────────────────────────────────────────────────────────────────────────────────────────────────────


def interactive() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def ask(question: str, proper: Callable[[str], T], *, usual: str | None = None, unseen: bool = False) -> T:
    """A person's answer as `proper` takes it. What it refuses by a ClarionError is said, and asked again."""
    while True:
        typed = click.prompt(
            printable(question),
            default=usual or "",
            show_default=bool(usual),
            err=True,
            hide_input=unseen,
        )
        if usual is None and not str(typed).strip():
            say_so("An answer is needed. To leave: Ctrl-C")
            continue
        try:
            return proper(str(typed).strip())
        except ClarionError as error:
            complain(error.message, error.hint)


def confirm(question: str, *, yes: bool) -> bool:
    """Whether it shall be done: `yes`, or a person says so; Enter is no. Without a terminal, no."""
    if yes or not interactive():
        return yes
    while True:
        typed = str(click.prompt(f"{printable(question)} [y/N]", default="", show_default=False, err=True))
        answer = _ANSWERS.get(typed.strip().lower())
        if answer is not None:
            return answer
        complain(
            f"“{typed.strip()}” is neither y nor n", "y is yes; n, or Enter alone, is no; to leave: Ctrl-C"
        )


def require_asked(*, yes: bool, nothing: str, command: str) -> None:
    """Raise ClarionError, exit 2, where nobody can be asked: a program must see that it was not done.

    `nothing`: "nothing is removed". `command`: what does it without a question.
    """
    if not yes and not interactive():
        raise ClarionError(f"{nothing}: it is not done unasked", command)


def pretty() -> bool:
    """Whether tables may be drawn: a terminal, and nobody asked for plain text."""
    context = click.get_current_context(silent=True)
    plain = context is not None and bool(context.meta.get(_PLAIN))
    return not plain and not _colourless() and sys.stdout.isatty()


def speak_plainly(ctx: click.Context, *, plain: bool) -> None:
    """Remember for this run whether `--plain` or NO_COLOR was asked for."""
    ctx.meta[_PLAIN] = plain
    if plain or _colourless():
        ctx.color = False


# ── ending ────────────────────────────────────────────────────────────────────────────────────────────────────


def finish(code: Code) -> NoReturn:
    """End the command here, quietly, with this exit code."""
    raise click.exceptions.Exit(code)


def run(call: Callable[[], object]) -> NoReturn:
    """Call, and end the process: what was raised becomes words and an exit code."""
    _survive_any_encoding()
    _hide_secrets_of_crashes()
    try:
        result = call()
        code = result if isinstance(result, int) else Code.DONE  # Click returns the code of ctx.exit()
    except (click.Abort, KeyboardInterrupt):
        say_so("Stopped.")
        code = Code.INTERRUPTED
    except click.ClickException as error:
        code = _explain_usage(error)
    except ClarionError as error:
        code = _explain(error)
    except Exception as error:  # noqa: BLE001 - the last line of defence
        code = _explain_os(error) if isinstance(error, OSError) and error.filename else _apologise(error)
    with suppress(BrokenPipeError):
        sys.stdout.flush()
    sys.exit(code)


def code_of(error: ClarionError) -> Code:
    """The exit code an error stands for."""
    if isinstance(error, OutboxBusy):
        return Code.LATER
    if isinstance(error, CheckFailed | ApprovalError):
        return Code.BLOCKED
    if isinstance(error, PublishError) and not isinstance(error, AccountBlocked):
        return Code.TROUBLE
    return Code.USAGE


def unknown(kind: str, typed: str, known: Collection[str], *, prefix: str = "") -> ClarionError:
    """The error for a name that does not exist: the nearest that does, or all when they are few."""
    from difflib import get_close_matches

    folded = {name.lower(): name for name in known}
    near = get_close_matches(typed.lower(), folded, n=1)
    hint = f"did you mean: {prefix}{folded[near[0]]}" if near else None
    if hint is None and 0 < len(known) <= _FEW:
        hint = f"there are: {', '.join(known)}"
    return ClarionError(f"there is no {kind} “{typed}”", hint)


@contextmanager
def quiet_when_nobody_reads() -> Iterator[None]:
    """End without a word when the reader of our output left (`clarion … | head`)."""
    try:
        yield
    except BrokenPipeError as error:
        # What is still buffered must not complain when the interpreter ends.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.exceptions.Exit(Code.PIPE) from error


def _explain(error: ClarionError) -> Code:
    code = code_of(error)
    # Cron mails every word; somebody at a terminal must still learn why.
    if code is not Code.LATER or sys.stderr.isatty():
        complain(error.message, error.hint)
    return code


def _explain_usage(error: click.ClickException) -> Code:
    if not isinstance(error, click.UsageError) or isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return Code.USAGE
    message = error.format_message().rstrip(".")
    hint = (
        _unquoted_time(error)
        or _commands(error)
        or (f"{error.ctx.command_path} --help" if error.ctx else None)
    )
    complain(message[:1].lower() + message[1:], hint)
    return Code.USAGE


def _commands(error: click.UsageError) -> str | None:
    """The commands of a group, for somebody who typed one that it does not have."""
    if not isinstance(error, click.exceptions.NoSuchCommand) or error.ctx is None:
        return None
    group = error.ctx.command
    names = group.list_commands(error.ctx) if isinstance(group, click.Group) else []
    return f"there are: {', '.join(f'{error.ctx.command_path} {name}' for name in names)}"


def _unquoted_time(error: click.UsageError) -> str | None:
    """The hint for --at tomorrow 9:00 without quotes, of which the shell makes two words."""
    extra = re.search(r"unexpected extra arguments? \((.*)\)", error.format_message())
    if not extra or error.ctx is None or error.ctx.params.get("at") is None:
        return None
    typed = error.ctx.params
    times = [word for word in (extra[1], *typed.values()) if isinstance(word, str) and _TIME.match(word)]
    return f'put the time in quotes: --at "{typed["at"]} {times[0]}"' if times else None


def _explain_os(error: OSError) -> Code:
    complain(f"cannot use {error.filename}: {error.strerror}", None)
    return Code.USAGE


def _apologise(error: Exception) -> Code:
    """Name the fault without its text, which may hold what a server sent or a secret."""
    if os.environ.get("CLARION_DEBUG") == "1":
        say_so(_traceback(error))
    complain(
        f"Clarion met something it does not know: {type(error).__name__}{_place(error)}",
        "clarion status shows where every post stands; CLARION_DEBUG=1 before the command shows the details",
    )
    return Code.UNEXPECTED


def _traceback(error: BaseException) -> str:
    """The whole of it, causes included, without what a secret is or looks like: they hold whole answers of servers."""
    from traceback import format_exception

    return clean("".join(format_exception(error)).rstrip())


def _hide_secrets_of_crashes() -> None:
    """What ends the interpreter is printed by Python itself. Threads: see `logs.guard`."""
    sys.excepthook = lambda _kind, error, _trace: say_so(_traceback(error))


def _place(error: Exception) -> str:
    step, place = error.__traceback__, ""
    while step is not None:
        module = step.tb_frame.f_globals.get("__name__", "")
        if module.startswith("clarion"):
            place = f" in {module}, line {step.tb_lineno}"
        step = step.tb_next
    return place


# ── details ───────────────────────────────────────────────────────────────────────────────────────────────────


def _survive_any_encoding() -> None:
    """A post in Russian must not end a command in a terminal that cannot show it."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _colourless() -> bool:
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def _steers(char: str) -> bool:
    code = ord(char)
    if code < 0x20:
        return char not in "\n\t"
    return 0x7F <= code < 0xA0 or 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069


def _plainly(value: Any) -> Any:
    from dataclasses import asdict, is_dataclass
    from datetime import date

    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")

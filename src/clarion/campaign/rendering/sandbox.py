"""Jinja2, cut down until no template can run for long, take much memory, or reach anything but text.

In: template files of one folder and of `posts/_partials`. Out: a rendered text, or a CampaignError with file and line.

Jinja's own sandbox keeps a template from Python's insides but lets it loop and allocate. So the language here is an
allow-list: text, values, filters we give, `if`, `for` (not inside another), `set` and `include` (not inside `for`),
with sources, includes and output counted. Nothing in it can repeat more than its own length times, which bounds time
and space without a clock; `for` over numbers, macros, methods and multiplication are not there at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from typing import Any

from jinja2 import (
    FunctionLoader,
    StrictUndefined,
    Template,
    TemplateNotFound,
    Undefined,
    nodes,
    pass_eval_context,
)
from jinja2.bccache import Bucket, BytecodeCache
from jinja2.exceptions import SecurityError, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.nodes import EvalContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from clarion.campaign import toml
from clarion.campaign.plain import MOST
from clarion.campaign.rendering import marks
from clarion.errors import CampaignError

MAX_SOURCE = 64_000  # characters, one file
MAX_INCLUDES = 50

_STATEMENTS = (nodes.Template, nodes.Output, nodes.If, nodes.For, nodes.Assign, nodes.Include)
_VALUES = (
    nodes.TemplateData,
    nodes.Const,
    nodes.Name,
    nodes.Getattr,
    nodes.Tuple,
    nodes.List,
    nodes.Filter,
    nodes.Test,
    nodes.Call,
    nodes.Keyword,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Neg,
    nodes.Add,
    nodes.Sub,
)
_LANGUAGE = 'a template may have text, {{ fact("id") }}, {{ due|date }}, {{ names }}, and if, for, set, include in {% %}'
# What works through a whole value, once for each of its letters, would take for ever on a long one.
_NOT_INSIDE_FOR = (nodes.For, nodes.Include, nodes.Filter, nodes.Compare, nodes.Concat)
_FILTERS = ("default", "d", "first", "last", "length")
#: These change the look of words only. `trim` takes no letters to trim: 100 must not become 1.
_LOOKS = {"upper": str.upper, "lower": str.lower, "capitalize": str.capitalize, "trim": str.strip}
_UNDEFINED = re.compile(r"'(\w+)' is undefined")
#: How the hint begins where a variable has no value.
NO_VALUE = "give it one:"


class Compiled(BytecodeCache):
    """What was compiled once: the same file for three networks, or ten thousand times with other values."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key, bucket.checksum] = bucket.code


class Sandbox(ImmutableSandboxedEnvironment):
    """Renders the files of one template folder. `functions` and `filters` are all a template may call."""

    intercepted_binops = frozenset({"+", "-"})

    def __init__(
        self,
        folder: Path,
        partials: Path,
        *,
        functions: Mapping[str, Callable[..., Any]],
        filters: Mapping[str, Callable[..., Any]],
        compiled: Compiled,
    ) -> None:
        super().__init__(
            undefined=StrictUndefined,
            autoescape=False,  # plain text; whoever shows it on a page escapes it there
            keep_trailing_newline=True,
            trim_blocks=True,
            lstrip_blocks=True,
            cache_size=0,  # so that every include passes the loader and is counted
            loader=FunctionLoader(self._load),
            finalize=_printable,
            # What a filter makes of a plain value depends on the language: it is not put into what is compiled.
            optimized=False,
            bytecode_cache=compiled,
        )
        self._folders = (folder, partials)
        self._functions = tuple(functions.values())
        self._loaded: dict[str, Path] = {}
        self._includes = 0
        self.globals = dict(functions)
        looks = {**_LOOKS, "title": self.filters["title"]}
        self.filters = {name: self.filters[name] for name in _FILTERS} | dict(filters)
        self.filters |= {name: marks.keeping(look) for name, look in looks.items()}
        self.tests = {name: self.tests[name] for name in ("defined", "undefined", "in", "number", "string")}

    def text(self, path: Path, values: Mapping[str, Any]) -> str:
        """The file rendered with these values."""
        with self._errors_explained(path):
            return self._collect(self.get_template(path.name), values, path)

    def phrase(self, source: str, path: Path, values: Mapping[str, Any]) -> str:
        """A few words that stand in another file, such as post.toml, rendered with these values."""
        with self._errors_explained(path):
            return self._collect(self.from_string(source), values, path)

    def asks_for(self, path: Path, phrases: Iterable[str] = ()) -> set[str]:
        """The names of the variables a file and what it includes use, and these phrases of it.

        CampaignError for what a template may not do.
        """
        from jinja2.meta import find_referenced_templates, find_undeclared_variables

        asked: set[str] = set()
        with self._errors_explained(path):
            trees = [self.parse(phrase) for phrase in phrases]
            waiting, seen = [path] if path.suffix == ".md" else [], {path}
            while waiting or trees:
                file = None if trees else waiting.pop()
                tree = self.parse(toml.read_text(file), file.name, str(file)) if file else trees.pop()
                asked |= find_undeclared_variables(tree)
                included = {self._find(name or "") for name in find_referenced_templates(tree)}
                waiting += sorted(each for each in included if each and each not in seen)
                seen.update(waiting)
        return asked - set(self.globals)

    # ── what Jinja calls ──────────────────────────────────────────────────────────────────────────────────────

    def is_safe_callable(self, obj: Any) -> bool:
        return any(obj is function for function in self._functions)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if not all(isinstance(value, int | float) for value in (left, right)):
            raise SecurityError(f"{operator} is for numbers only")
        return super().call_binop(context, operator, left, right)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        if len(source) > MAX_SOURCE:
            raise TemplateSyntaxError(
                f"this file is longer than {MAX_SOURCE:,} characters", 1, name, filename
            )
        tree = super()._parse(source, name, filename)
        _require_plain(tree, filename, self.globals)
        return tree

    def _load(self, name: str) -> tuple[str, str, Callable[[], bool]] | None:
        self._includes += 1
        if self._includes > MAX_INCLUDES:
            raise SecurityError(f"more than {MAX_INCLUDES} files are included")
        path = self._find(name)
        if path is None:
            return None
        self._loaded[str(path)] = path
        return toml.read_text(path), str(path), lambda: True

    def _find(self, name: str) -> Path | None:
        """A file of the template's folder or of the partials; a link that leads out of them does not count."""
        if "/" in name or "\\" in name or not name.endswith(".md"):
            return None
        own, partials = self._folders
        for folder in (own, partials):
            path = folder / name
            beside = own.parent.resolve() / folder.name  # not where a folder that is itself a link leads
            if path.is_file() and path.resolve().parent == beside:
                return path
        return None

    # ── helpers ───────────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def _errors_explained(self, path: Path) -> Iterator[None]:
        self._includes = 0
        try:
            yield
        except TemplateError as error:
            raise self._explained(error, path) from error
        except (RecursionError, MemoryError, SyntaxError, ArithmeticError, TypeError, ValueError) as error:
            problem = (
                "is nested too deeply"
                if isinstance(error, RecursionError)
                else f"cannot be rendered: {error}"
            )
            raise CampaignError(
                f"{self._where(error, path)}: this {problem}", "write it more simply"
            ) from error

    def _collect(self, template: Template, values: Mapping[str, Any], path: Path) -> str:
        chunks: list[str] = []
        length = 0
        for chunk in template.generate(values):
            chunks.append(chunk)
            length += len(chunk)
            if length > MOST:
                raise CampaignError(
                    f"{toml.shown(path)}: this renders to more than {MOST:,} characters", "make it shorter"
                )
        return "".join(chunks)

    def _explained(self, error: TemplateError, path: Path) -> CampaignError:
        where = self._where(error, path)
        message = error.message or str(error)
        if isinstance(error, UndefinedError) and (name := _UNDEFINED.search(message)):
            return CampaignError(
                f'{where}: "{name[1]}" has no value',
                f'{NO_VALUE} --set {name[1]}="…"; to try the post, under [example] in its post.toml',
            )
        if isinstance(error, TemplateNotFound):
            return CampaignError(
                f'{where}: there is no piece "{error.name}" to include',
                f"put it into posts/_partials or beside {path.name}, with a name that ends in .md",
            )
        return CampaignError(
            f"{where}: {message.rstrip('.')}",
            _LANGUAGE,
        )

    def _where(self, error: BaseException, path: Path) -> str:
        """File and line: the innermost frame of a template that the error came through."""
        if isinstance(error, TemplateSyntaxError):
            return toml.at(Path(error.filename), error.lineno) if error.filename else toml.shown(path)
        found, line = path, None
        trace = error.__traceback__
        while trace:
            if trace.tb_frame.f_code.co_filename in self._loaded:
                found, line = self._loaded[trace.tb_frame.f_code.co_filename], trace.tb_lineno
            trace = trace.tb_next
        return toml.at(found, line)


@pass_eval_context
def _printable(_: EvalContext, value: Any) -> Any:
    """What {{ }} may print: text and numbers. A list could be huge when printed, and None is always a mistake."""
    if isinstance(value, str):
        _require_text(value)
    if isinstance(value, str | int | float | Undefined | marks.Day) and not isinstance(value, bool):
        return marks.printed(value)
    raise SecurityError(
        f"this prints {type(value).__name__}, not text; a date needs a filter: {{{{ due|date }}}}"
    )


def _require_text(text: str) -> None:
    if private := marks.carried(text):
        raise SecurityError(private)
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise SecurityError("this prints half a character, which is no text")


def _require_plain(tree: nodes.Template, filename: str | None, functions: Collection[str]) -> None:
    for node in tree.find_all(nodes.Node):
        if problem := _problem(node, functions):
            raise TemplateSyntaxError(problem, node.lineno, None, filename)


def _problem(node: nodes.Node, functions: Collection[str]) -> str | None:
    """What is wrong with a piece of a template, its insides apart; None when nothing is."""
    problem = None
    match node:
        case nodes.TemplateData():
            problem = marks.carried(node.data)
        case nodes.Const(value=float(value)) if not isfinite(value):
            problem = "this number is too large"
        case nodes.List() | nodes.Tuple() if not all(isinstance(each, nodes.Const) for each in node.items):
            problem = "a list may hold plain values only"
        case nodes.Call():
            problem = _miscalled(node.node, functions)
        case nodes.Include() if not isinstance(node.template, nodes.Const):
            problem = "include names one file, in quotes"
        case nodes.For() if node.recursive or next(node.find_all(_NOT_INSIDE_FOR), None):
            problem = "inside for there can be no for, include, filter or comparison"
        case _ if not isinstance(node, _STATEMENTS + _VALUES):
            problem = f'"{type(node).__name__.lower()}" is not part of the language of templates'
    return problem


def _miscalled(called: nodes.Expr, functions: Collection[str]) -> str | None:
    if not isinstance(called, nodes.Name):
        return "only fact(…) and its like can be called"
    if called.name not in functions:
        listed = ", ".join(f"{name}(…)" for name in sorted(functions))
        return f"there is no {called.name}(…) in templates; there are: {listed}"
    return None

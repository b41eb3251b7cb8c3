"""What is wrong in a TOML file, in words for people. Imported only when something is.

In: what tomllib or msgspec complained of. Out: which key is meant, what is wrong with it, and a hint; the reader of the
file knows the file and the line.
"""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any, NamedTuple

import msgspec

from clarion.campaign.keys import Key, dotted
from clarion.campaign.nearest import did_you_mean

_ANY = "[...]"  # msgspec does not say which key of an open table it means
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]|(\[\.\.\.\])")
_AT = re.compile(r" - at `\$(.*)`$")

_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "date": "a date",
    "datetime": "a date with a time",
    "time": "a time",
    "null": "nothing",
}
_LIKE = {
    "str": '{key} = "…"',
    "int": "{key} = 4",
    "float": "{key} = 4.5",
    "bool": "{key} = true",
    "array": '{key} = ["…"]',
    "object": "[{dotted}]",
    "date": "{key} = 2026-11-01",
}

#: Other words for a key.
_MEANT = {"page": "link", "url": "link", "address": "link"}


#: What a command writes: by hand it would not do what the command does.
_BY_COMMAND: dict[Key, str] = {
    ("campaign", "mode", "live"): 'write mode = "rehearsal"; what makes it live is: clarion live'
}


class Complaint(NamedTuple):
    """What is wrong about one key, in words that go on after the key's name."""

    key: Key
    problem: str
    hint: str | None = None


def explain(plain: dict[str, Any], kind: Any, error: msgspec.ValidationError) -> Complaint:
    """What msgspec refused in plain data that should be a `kind`."""
    problem, key = _split(str(error))
    key = _named(plain, kind, key, str(error))
    if found := re.match(r"Object contains unknown field `(.+)`$", problem):
        return _unknown(kind, key, found[1])
    if found := re.match(r"Object missing required field `(.+)`$", problem):
        return _missing(key, found[1])
    if found := re.match(r"Expected `([^`]+)`, got `(\w+)`$", problem):
        return _wrong_type(kind, key, found[1], found[2])
    if found := re.match(r"Invalid enum value '?(.*?)'?$", problem):
        return _wrong_choice(kind, key, found[1])
    if found := re.match(r"Expected `\w+` (<=|>=|<|>) (.+)$", problem):
        bound = {"<=": "at most", ">=": "at least", "<": "less than", ">": "more than"}[found[1]]
        return Complaint(key, f"must be {bound} {found[2]}")
    return Complaint(key, f"is not right: {problem}")


def broken(error: tomllib.TOMLDecodeError) -> tuple[int | None, str, str]:
    """Of a file that is not TOML at all: the line where it is known, what is wrong, and a hint."""
    text = str(error)
    line = re.search(r"at line (\d+)", text)
    problem = re.sub(r" \(at .*\)$", "", text)
    return (
        int(line[1]) if line else None,
        f"this is not valid TOML: {problem}",
        'text stands in straight quotes, as in name = "Keep looking", and each key stands once',
    )


def _split(message: str) -> tuple[str, Key]:
    where = _AT.search(message)
    if not where:
        return message, ()
    steps: list[str | int] = []
    for name, index, _ in _STEP.findall(where[1]):
        steps.append(name or (int(index) if index else _ANY))
    return message[: where.start()], tuple(steps)


def _named(plain: Any, kind: Any, key: Key, message: str) -> Key:
    """The key with every `[...]` replaced by the name it stands for: the one that alone gives the same message."""
    while _ANY in key:
        place = key.index(_ANY)
        for name, value in _dig(plain, key[:place]).items():
            alone = _replaced(plain, key[:place], {name: value})
            if _complaint(alone, kind) == message:
                plain, key = alone, (*key[:place], name, *key[place + 1 :])
                break
        else:
            return key[:place]
    return key


def _complaint(plain: Any, kind: Any) -> str | None:
    try:
        msgspec.convert(plain, kind, dec_hook=lambda type_, value: type_.parse(value))
    except msgspec.ValidationError as error:
        return str(error)
    return None


def _dig(plain: Any, key: Key) -> Any:
    for step in key:
        plain = plain[step]
    return plain


def _replaced(plain: Any, key: Key, value: Any) -> Any:
    if not key:
        return value
    copy = plain.copy()
    copy[key[0]] = _replaced(plain[key[0]], key[1:], value)
    return copy


def _unknown(kind: Any, key: Key, field: str) -> Complaint:
    names = _fields(kind, key)
    meant = _MEANT.get(field)
    usual = f"the keys here are: {', '.join(names)}"
    hint = f'did you mean "{meant}"?' if meant in names else did_you_mean(field, names, usual)
    return Complaint((*key, field), "is not a key that Clarion knows", hint)


def _missing(key: Key, field: str) -> Complaint:
    under = f" under [{dotted(key)}]" if key else ""
    return Complaint((*key, field), "is missing", f"add {field} = …{under}")


def _wrong_type(kind: Any, key: Key, expected: str, got: str) -> Complaint:
    kinds = [kind for kind in expected.split(" | ") if kind != "null"]
    wanted = " or ".join(_WORDS.get(kind, kind) for kind in kinds)
    name = key[-1] if key else "key"
    usual = _usual(kind, key)
    like = (
        f"{name} = {usual}"
        if usual
        else _LIKE.get(kinds[0], "{key} = …").format(key=name, dotted=dotted(key))
    )
    return Complaint(key, f"must be {wanted}, not {_WORDS.get(got, got)}", f"write it like this: {like}")


def _usual(kind: Any, key: Key) -> str | None:
    """The value a key has when it is not written, as TOML; None where it has none, or none that can be shown."""
    fields = getattr(_type_at(kind, key[:-1]), "fields", ()) if key else ()
    usual = next((field.default for field in fields if field.encode_name == key[-1]), None)
    listed = list(usual) if isinstance(usual, tuple) and usual else usual
    if isinstance(listed, str | bool | int | float | list):
        return json.dumps(listed, ensure_ascii=False)  # for these, JSON and TOML write the same
    return None


def _wrong_choice(kind: Any, key: Key, value: str) -> Complaint:
    choices = [str(choice) for choice in getattr(_type_at(kind, key), "values", ())]
    listed = ", ".join(choices)
    by_hand = [choice for choice in choices if (*key, choice) not in _BY_COMMAND]
    usual = next((_BY_COMMAND[*key, choice] for choice in choices if choice not in by_hand), None)
    return Complaint(key, f'cannot be "{value}"; it is one of: {listed}', did_you_mean(value, by_hand, usual))


def _fields(kind: Any, key: Key) -> list[str]:
    return [field.encode_name for field in getattr(_type_at(kind, key), "fields", ())]


def _type_at(kind: Any, key: Key) -> Any:
    """What msgspec knows of the type a key should have."""
    info: Any = _plain_type(msgspec.inspect.type_info(kind))
    for step in key:
        if isinstance(info, msgspec.inspect.StructType):
            info = next((field.type for field in info.fields if field.encode_name == step), None)
        else:
            info = getattr(info, "value_type", None) or getattr(info, "item_type", None)
        info = _plain_type(info)
    return info


def _plain_type(info: Any) -> Any:
    if isinstance(info, msgspec.inspect.Metadata):
        return _plain_type(info.type)
    if isinstance(info, msgspec.inspect.UnionType):
        return next(kind for kind in info.types if not isinstance(kind, msgspec.inspect.NoneType))
    return info

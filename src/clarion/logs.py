"""What Clarion and its libraries log: off unless asked for, one JSON object a line, never a secret.

In: how much is asked for and where to (`begin`). Out: records. `guard` makes every record clean as it is made, whichever
handler it goes to; libraries log the tokens they send.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import traceback
from datetime import UTC, datetime
from typing import Any

from clarion.redaction import clean, without_known

LEVELS = ("debug", "info", "warning", "error")
#: What every record has; all else was given by `extra`.
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def begin(level: str, path: str | None = None) -> None:
    """Log from now on, at least as grave as `level`: to a file that only its owner may read, or to stderr.

    Raises OSError for a file that cannot be written.
    """
    guard()
    handler = _file(path) if path else logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)


def guard() -> None:
    """From now on no record holds a secret, also where nobody asked for logs and only warnings reach stderr.

    Nor does what Python prints when a thread ends by an error.
    """
    logging.setLogRecordFactory(_clean_record)
    threading.excepthook = _tell_what_ended_a_thread


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON: time (UTC), level, logger, message, then what `extra` gave."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {key: _plain(value) for key, value in vars(record).items() if key not in _OWN}
        if record.exc_text:
            line["traceback"] = record.exc_text
        return without_known(json.dumps(line, ensure_ascii=False))


def _clean_record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    record = logging.LogRecord(*args, **kwargs)
    try:
        record.msg = clean(record.getMessage())
    except (TypeError, ValueError) as error:  # a library's own slip must not end a run
        record.msg = f"a record that cannot be read: {type(error).__name__}"
    record.args = None
    if record.exc_info and record.exc_info[1]:
        record.exc_text = _trace(record.exc_info[1])
    record.exc_info = None
    return record


def _tell_what_ended_a_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        sys.stderr.write(_trace(args.exc_value) + "\n")


def _trace(error: BaseException) -> str:
    """An error with its causes, which may hold a server's whole answer."""
    return clean("".join(traceback.format_exception(error)).rstrip())


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | None) else clean(str(value))


def _file(path: str) -> logging.StreamHandler[Any]:
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    return logging.StreamHandler(os.fdopen(opened, "a", encoding="utf-8", errors="backslashreplace"))

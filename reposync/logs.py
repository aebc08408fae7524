# SPDX-License-Identifier: Apache-2.0
"""Keeps what strangers wrote from forging lines of the log."""

import logging
from typing import Any

from reposync import texts

#: What oslo.log puts behind a message: the words of an exception.
_SUMMARY = "error_summary"
#: A traceback, whose lines oslo.log marks, each of them.
_LINES = "exc_text"


class Record(logging.LogRecord):
    """One message, one line, whoever's words are in it."""

    def getMessage(self) -> str:
        """Give the message with its arguments."""
        return texts.printable(super().getMessage())

    def __setattr__(self, name: str, value: Any) -> None:
        """Clean what formatters add."""
        if name == _SUMMARY and value:
            value = texts.printable(value)
        elif name == _LINES and value:
            value = "\n".join(map(texts.printable, value.split("\n")))
        super().__setattr__(name, value)


def setup() -> None:
    """Let all loggers of the process make such records."""
    logging.setLogRecordFactory(Record)

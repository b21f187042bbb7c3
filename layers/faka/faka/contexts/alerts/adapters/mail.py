"""A mail box of staff, through the shop's own mail."""

from typing import Protocol

from faka.contexts.alerts.base import Refused, Taken, Verdict
from faka.contexts.alerts.model import Message
from faka.kernel.errors import Rejected


class Post(Protocol):
    def send(self, to: str, subject: str, text: str) -> None:
        """Raises: Rejected where it will never be taken, Unavailable where it is not now."""
        ...


class ByMail:
    def __init__(self, post: Post, to: str) -> None:
        self._post = post
        self._to = to

    def send(self, message: Message) -> Verdict:
        try:
            self._post.send(self._to, message.title, message.text)
        except Rejected as error:
            return Refused(error.code())
        return Taken()

"""Mail through SES. A mail carries links and words, never a card."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from faka.kernel.errors import Rejected, Unavailable


_FINAL = {"MessageRejected", "BadRequestException", "MailFromDomainNotVerifiedException"}


class MailRefused(Rejected):
    """The address or the message will never be taken."""


class MailUnavailable(Unavailable):
    """SES does not take mail now."""


class Mail:
    def __init__(self, client: Any, sender: str) -> None:
        self._client = client
        self._sender = sender

    def send(self, to: str, subject: str, text: str) -> None:
        """Raises: MailRefused, MailUnavailable."""
        content = {"Simple": {"Subject": {"Data": subject, "Charset": "UTF-8"}, "Body": {"Text": {"Data": text, "Charset": "UTF-8"}}}}
        try:
            self._client.send_email(FromEmailAddress=self._sender, Destination={"ToAddresses": [to]}, Content=content)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise (MailRefused(code) if code in _FINAL else MailUnavailable(code)) from error
        except BotoCoreError as error:
            raise MailUnavailable(type(error).__name__) from error

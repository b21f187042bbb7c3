"""The three ways in which a request is not done: the service refuses it, a row does not bear it, this model does not know."""

from typing import Any

from botocore.exceptions import ClientError


class ExpressionFault(Exception):
    """The service would answer ValidationException."""


class IllFormed(ExpressionFault):
    """Wrong whatever the row is: grammar, names, values, limits. Refuses a transaction as a whole."""


class DoesNotFit(ExpressionFault):
    """Wrong for this row or this schema: cancels a transaction with the reason ValidationError."""


class NotModelled(AssertionError):
    """Neither documented nor needed so far. Loud, so that nothing passes because the model guessed."""


def refusal(code: str, message: str = "", **more: Any) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message or code}, **more}, "DynamoDB")


def invalid(fault: ExpressionFault | str) -> ClientError:
    return refusal("ValidationException", str(fault))

"""Base of every model: frozen, strict about unknown fields, silent about the values that it refuses."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A value object.

    `hide_input_in_errors` is not cosmetics: pydantic prints the refused value into its error text, and that text ends
    in a log. A card secret, a phone number or a signature key must not travel that way.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

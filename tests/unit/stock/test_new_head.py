"""A shard's first row in the stream: it has no image before it, and is no claim."""

import pytest

from faka.contexts.stock import claim_events
from faka.contexts.stock.head import new_head


pytestmark = pytest.mark.unit


@pytest.mark.parametrize("nothing", [None, {}])
def test_a_new_head_is_no_claim(nothing: None) -> None:
    assert claim_events(nothing, new_head("vip-month", 0, 0, is_open=True)) == []

"""Show which ways to pay there are: for a choice on a product's page, and for an order that waits.

The rule is `catalog.routing`; what is known of the channels comes from `steps.health`. Neither changes anything.
"""

from faka.contexts.catalog.model import ChannelRow, Sight
from faka.contexts.catalog.routing import METHODS, method_for
from faka.steps.ways import Choice, ways_for, ways_of


__all__ = ["METHODS", "ChannelRow", "Choice", "Sight", "method_for", "ways_for", "ways_of"]

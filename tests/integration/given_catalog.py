"""A shop with categories and nothing to sell yet."""

from faka.platform.table import Tables
from faka.wiring import Deps, ShopSettings
from tests.kit.clock import CountingPause, FrozenClock, SeededChance
from tests.kit.tables import PHYSICAL
from tests.unit.catalog.given import tree


def shop(tables: Tables, *, is_new: bool = True) -> Deps:
    settings = ShopSettings.model_validate({f"faka_table_{name}": physical for name, physical in PHYSICAL.items()})
    deps = Deps(settings, clock=FrozenClock(), chance=SeededChance(), pause=CountingPause(), tables=tables)
    if not is_new:
        return deps
    nodes = tree(("media", None), ("video", "media"), ("film", "video"), ("music", "media"), ("games", None))
    deps.tables.commit([deps.catalog.save_tree(nodes)])
    return deps

"""What runs the shop and builds it: the local cloud, benchmarks, tools. Nothing here is part of a deployed function."""

import sys
from pathlib import Path


_LAYERS = Path(__file__).resolve().parents[1] / "layers"
for _place in (_LAYERS / "pages", _LAYERS / "faka"):
    # Commands (`python -m infra.…`) find the shop's own code where it stands; functions get it as a layer.
    if str(_place) not in sys.path:
        sys.path.insert(0, str(_place))

"""Run inside a function's folder with the template's environment: does it start, what does it serve, what does it ask for?

Prints JSON. Not a test module: `tests.architecture.starts` starts it, one process per function, because every one has an `app`.
"""

import json
import sys


def main() -> None:
    import app

    from faka.platform.settings import Settings

    door = getattr(app, "door", None)
    asked = [
        kind
        for module in list(sys.modules.values())
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Settings) and not kind.__module__.startswith("faka.")
    ]
    fields = {name.upper(): field for kind in asked for name, field in kind.model_fields.items()}
    print(
        json.dumps(
            {
                "handler": callable(app.handler),
                "passport": app.__doc__ or "",
                "routes": sorted(door.routes) if door is not None else [],
                "required": sorted(name for name, field in fields.items() if field.is_required()),
                "numbers": sorted(name for name, field in fields.items() if field.annotation is int),
                "known": sorted(fields),
                "loaded": sorted({name.split(".")[0] for name in sys.modules}),
            }
        )
    )


main()

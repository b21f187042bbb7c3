"""Players of the payment providers and of the mailbox, on this machine only.

They speak the providers' real protocols with keys of their own: what the shop accepts here, it accepts for the same
reasons as outside. `create_keys(state)` makes the keys and says what a shop must be told (`Keys.channels`);
`create_server(port, state)` serves; `python -m infra.local.actors` does it from a command line, and
`python -m infra.local.actors.matrix` runs every act against a running shop.
"""

from infra.local.actors.keys import Keys, create_keys


__all__ = ["Keys", "create_keys"]

"""`python -m infra.local.players PORT STATE EMULATOR`: the players of providers and mailbox, until our parent is gone."""

import signal
import sys
import threading
from pathlib import Path

from infra.local.actors.server import create_server


def main() -> None:
    port, state, emulator = sys.argv[1:]
    server = create_server(int(port), Path(state), mail_source=emulator)

    def stop(*_: object) -> None:
        # shutdown() waits for serve_forever, which the main thread runs: so from another one.
        threading.Thread(target=server.shutdown, daemon=True).start()

    def stop_with_parent() -> None:
        sys.stdin.buffer.read()
        stop()

    signal.signal(signal.SIGTERM, stop)
    threading.Thread(target=stop_with_parent, daemon=True).start()
    server.serve_forever(poll_interval=0.2)
    server.server_close()


if __name__ == "__main__":
    main()

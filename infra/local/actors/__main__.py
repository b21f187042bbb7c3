"""`python -m infra.local.actors --port 4600 --state .local/actors --mail http://127.0.0.1:4566`: the players until Ctrl-C."""

import argparse
import signal
import threading
from pathlib import Path

from infra.local.actors.server import create_server


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.local.actors", description="Play the payment providers and the mailbox.")
    parser.add_argument("--port", type=int, default=0, help="loopback port; 0 takes a free one")
    parser.add_argument("--state", type=Path, required=True, help="folder of keys and trades")
    parser.add_argument("--mail", default="", help="address of the local cloud, whose mails /mailbox shows")
    options = parser.parse_args()
    server = create_server(options.port, options.state, mail_source=options.mail)
    for signum in (signal.SIGTERM, signal.SIGINT):
        # shutdown() waits for serve_forever, which this very thread runs: so from another one.
        signal.signal(signum, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"players on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever(poll_interval=0.2)
    server.server_close()


if __name__ == "__main__":
    main()

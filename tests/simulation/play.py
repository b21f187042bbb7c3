"""One run: actors on a cloud, the hub that lets them take turns, and what the world does by itself: stream, queues, notices, minutes."""

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from greenlet import getcurrent, greenlet

from faka.kernel.exchange import RawRequest
from tests.kit.doors import event
from tests.kit.sinks import Canaries
from tests.simulation import topping
from tests.simulation.cloud import DIED, HOLD_TTL_S, Cloud, Failed, message_event
from tests.simulation.gate import Call, Does, Fate, Process
from tests.simulation.strategies import Strategy


STEPS_MAX = 400
"""Longer than the longest scenario (about 150 steps without faults); a run that comes here is finished without switching."""

HIDDEN_MAX = 12
"""Messages that were not taken in the storm come back at most five times, in three queues."""

DRAIN_MAX = 60
"""Rounds of stream and queues until nothing is left; each message comes at most six times."""

RESENDS_MAX = 3
"""After the faults have stopped, a provider repeats a notice at most this often."""

MACHINES_MAX = 8
LOST_S = 420.0
"""A top-up whose machine is lost is due five minutes after its next question, and its sweep is allowed one machine in five minutes."""

PLACES = {"callbacks": ("channel", "account"), "suppliers": ("kind", "supplier")}
"""What the two parts of a notice's address name."""

Script = Callable[["Play"], None]


class Actor:
    """A script in a greenlet. Between its calls it is parked."""

    def __init__(self, name: str, script: Script, play: "Play") -> None:
        self.name = name
        self.light = greenlet(lambda: script(play))

    @property
    def is_over(self) -> bool:
        return self.light.dead


@dataclass
class Notice:
    """A provider's message, repeated until it is acknowledged."""

    channel: str
    raw: RawRequest
    sent: int = 0
    is_acknowledged: bool = False
    is_flying: bool = False


@dataclass
class Habits:
    """What the world around the shop does in the safety phase, and how often."""

    minutes: int = 0
    """Minutes that may pass, each with a sweep."""
    stride_s: float = 60.0
    repeats: int = 1
    """Notices, messages and stream batches that come once more although they were taken."""


@dataclass
class Play:
    cloud: Cloud
    facts: Any
    strategy: Strategy
    habits: Habits
    notices: list[Notice] = field(default_factory=list)
    seen: list[tuple[str, str]] = field(default_factory=list)
    """Order and what its buyer was shown of its state, in order."""
    shown: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    """Order and the cards that an answer held."""
    answers: list[tuple[str, int]] = field(default_factory=list)
    trace: list[tuple[str, Call, Fate]] = field(default_factory=list)
    left_over: list[Callable[[], Any]] = field(default_factory=list)
    """Commands that a person will repeat when the storm is over."""
    once_more: list[Callable[[], Any]] = field(default_factory=list)
    """What is no message and may be done again all the same: a night of a day that is closed."""
    beside_machines: dict[str, Script] = field(default_factory=dict)
    """Task of a top-up's machine → what begins beside the first one of it."""
    after_machines: dict[str, Script] = field(default_factory=dict)
    """Task of a top-up's machine → what follows the first one of it."""
    is_aimed: bool = False
    """The strategy aims at single calls, and may do so to the end of the run."""
    watch: Callable[[], None] = lambda: None
    """Called after each step, by the runs that look that often."""

    def __post_init__(self) -> None:
        self.actors: list[Actor] = []
        self._hub = getcurrent()
        self._current: Actor | None = None
        self._minutes = 0
        self._repeats = self.habits.repeats
        self._is_parking = False
        self.cloud.gate.decide = self._decide
        self.cloud.gate.is_on = True

    # -- actors -----------------------------------------------------------------------------------------------------

    def cast(self, name: str, script: Script) -> Actor:
        actor = Actor(name, script, self)
        self.actors.append(actor)
        return actor

    def meanwhile(self, name: str, script: Script) -> None:
        """Beside everybody else in the storm; at once where nobody takes turns."""
        if self._is_parking:
            self.cast(name, script)
        else:
            script(self)

    def notify(self, channel: str, raws: Sequence[RawRequest]) -> None:
        self.notices += [Notice(channel, raw) for raw in raws]

    def _decide(self, process: Process, call: Call, faults: dict[Fate, Does]) -> Fate:
        """Park until chosen, when somebody chooses; otherwise go on."""
        actor = self._current
        if self._is_parking and actor is not None:
            self._hub.switch()
        fate = self.strategy.fate(len(self.trace) + 1, process, call, faults) if self._is_parking or self.is_aimed else Fate.DONE
        self.trace.append((process.name, call, fate))
        return fate

    def _go_on(self, actor: Actor) -> None:
        self._current = actor
        actor.light.parent = self._hub
        actor.light.switch()
        self._current = None

    # -- phases -----------------------------------------------------------------------------------------------------

    def race(self) -> None:
        """The safety phase: one step of one actor at a time, as the strategy has it, until nobody has anything left to do."""
        self._is_parking = True
        last = ""
        for _ in range(STEPS_MAX):
            live = [actor for actor in self.actors if not actor.is_over]
            live.sort(key=lambda actor: actor.name != last)
            starts = self._starts()
            if not live and not starts:
                break
            weights = [4.0] * len(live) + [weight for _, weight, _ in starts]
            chosen = self.strategy.pick([actor.name for actor in live] + [name for name, _, _ in starts], weights)
            if chosen < len(live):
                actor = live[chosen]
            else:
                actor = starts[chosen - len(live)][2]()
            last = actor.name
            self._go_on(actor)
            self.watch()
        self._is_parking = False
        for actor in self.actors:
            while not actor.is_over:
                self._go_on(actor)

    def perform(self) -> None:
        """Every actor to its end, one after the other."""
        for actor in self.actors:
            self._go_on(actor)

    # -- what the world does by itself --------------------------------------------------------------------------------

    def _starts(self) -> list[tuple[str, float, Callable[[], Actor]]]:
        """What could begin now: name, weight, and how to begin it."""
        names = {actor.name for actor in self.actors if not actor.is_over}
        found: list[tuple[str, float, Callable[[], Actor]]] = []
        for i, notice in enumerate(self.notices):
            if not notice.is_flying and not notice.is_acknowledged:
                found.append((f"notice{i}", 3.0, lambda n=notice, i=i: self._begin(f"notice{i}", lambda play: play.deliver(n))))  # type: ignore[misc]
        if "relay" not in names and self.cloud.records(1):
            found.append(("relay", 2.0, lambda: self._begin("relay", lambda play: play.relay(5))))
        for worker, queue in self.cloud.queues.items():
            if worker not in names and any(each.visible_at <= self._now_s for each in queue.waiting):
                found.append((worker, 2.0, lambda w=worker: self._begin(w, lambda play: play.work(w))))  # type: ignore[misc]
        for name, _ in topping.waiting(self):
            if name not in names:
                found.append((name, 3.0, lambda n=name: self._begin(n, lambda play: topping.drive(play, n, is_patient=False))))  # type: ignore[misc]
        if self._minutes < self.habits.minutes:
            found.append(("minute", 0.25, self._minute))
        return found

    def _begin(self, name: str, script: Script) -> Actor:
        return self.cast(name, script)

    def _minute(self) -> Actor:
        self._minutes += 1
        self.pass_time(self.habits.stride_s)
        return self.cast(f"sweep{self._minutes}", lambda play: play.sweep())

    def pass_time(self, seconds: float) -> None:
        """Time passes. Whoever has run for longer than the runtime allows is ended at its next call."""
        now = self.cloud.clock.advance(seconds).timestamp()
        for process in self.cloud.gate.processes.values():
            process.is_dead = process.is_dead or now > process.deadline

    def _comes_again(self) -> bool:
        """Whether what was taken comes once more; seeded by where we are."""
        if self._is_parking and self._repeats > 0 and random.Random(len(self.trace)).random() < 0.3:
            self._repeats -= 1
            return True
        return False

    def deliver(self, notice: Notice) -> None:
        """The provider sends a notice once."""
        notice.is_flying, notice.sent = True, notice.sent + 1
        raw = notice.raw
        path, name = raw.path, notice.channel
        names = PLACES[path.split("/")[2]]
        params = dict(zip(names, path.split("/")[3:], strict=True))
        route = f"/v1/{path.split('/')[2]}/{{{names[0]}}}/{{{names[1]}}}"
        headers = {**raw.headers, "host": "notify.test"}
        given = event(raw.method, route, path, params, _query(raw), raw.body, headers, "198.51.100.1")
        answer = self.cloud.invoke("callbacks", given, f"notice of {name}{self.notices.index(notice)}")
        notice.is_flying = False
        is_good = isinstance(answer, dict) and answer["statusCode"] in (200, 204)
        is_taken = is_good and (names[0] == "kind" or answer["body"] in ("success", ""))
        notice.is_acknowledged = is_taken and not self._comes_again()

    def relay(self, count: int) -> None:
        """One batch of the stream. What fails comes again."""
        batch = self.cloud.records(count)
        if not batch:
            return
        answer = self.cloud.invoke("relay", {"Records": [record for _, record in batch]}, "relay")
        if answer is not DIED and not isinstance(answer, Failed) and not self._comes_again():
            self.cloud.relayed = batch[-1][0]

    def work(self, worker: str) -> None:
        """One message of a queue. What is not taken comes again: at once in the storm, later on when its time is over."""
        queue = self.cloud.queues[worker]
        message = next((each for each in queue.waiting if each.visible_at <= self._now_s), None)
        if message is None:
            return
        queue.waiting.remove(message)
        message.receives += 1
        answer = self.cloud.invoke(worker, message_event(message.body, message.receives), worker)
        is_taken = answer is not DIED and not isinstance(answer, Failed) and not answer["batchItemFailures"]
        if is_taken and not self._comes_again():
            queue.done.append(message.body)
        elif self._is_parking:
            message.receives = min(message.receives, queue.receives_max - 2)  # the storm's repeats leave it two tries for later
            queue.waiting.append(message)
        elif message.receives < queue.receives_max:
            message.visible_at = self._now_s + queue.hidden_s
            queue.waiting.append(message)
        else:
            queue.dead.append(message.body)

    @property
    def _now_s(self) -> float:
        return self.cloud.clock.now().timestamp()

    def sweep(self) -> None:
        self.cloud.invoke("sweep", {}, "sweep")

    # -- afterwards -----------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Faults have stopped: commands and notices are repeated, the stream and the queues run empty, one sweep goes round."""
        for command in self.left_over:
            command()
        for _ in range(RESENDS_MAX):
            for notice in self.notices:
                if not notice.is_acknowledged:
                    self.deliver(notice)
        self.drain()
        self._minutes_pass(61)
        for _ in range(MACHINES_MAX):
            if not topping.is_any_open(self):
                return
            self._minutes_pass(max(LOST_S, topping.patience_s(self)))

    def end_of_holds(self) -> None:
        """Nobody who has not paid holds anything after this."""
        self._minutes_pass(HOLD_TTL_S + 90, 61)
        if self.is_aimed:  # whoever was aimed at to the end gets one round in which nothing happens to him
            self.is_aimed = False
            self._minutes_pass(61)
        for _ in range(HIDDEN_MAX):
            waiting = [message.visible_at for queue in self.cloud.queues.values() for message in queue.waiting]
            if not waiting:
                return
            self._minutes_pass(max(61.0, min(waiting) - self._now_s))

    def _minutes_pass(self, *strides_s: float) -> None:
        for seconds in strides_s:
            self.pass_time(seconds)
            self.sweep()
            self.drain()

    def everything_again(self) -> None:
        """All notices, messages, stream records and nights once more."""
        for work in self.once_more:
            work()
        for notice in self.notices:
            self.deliver(notice)
        for worker, queue in self.cloud.queues.items():
            for body in queue.done:
                self.cloud.invoke(worker, message_event(body, 2), worker)
        taken, self.cloud.relayed = self.cloud.relayed, 0
        records = [record for _, record in self.cloud.records(10_000)]
        self.cloud.relayed = taken
        for start in range(0, len(records), 100):
            self.cloud.invoke("relay", {"Records": records[start : start + 100]}, "relay")

    def drain(self) -> None:
        for _ in range(DRAIN_MAX):
            if self.cloud.records(1):
                self.relay(100)
                continue
            machines = topping.waiting(self)
            if machines:
                topping.drive(self, machines[0][0], is_patient=True)
                continue
            busy = [worker for worker, queue in self.cloud.queues.items() if any(each.visible_at <= self._now_s for each in queue.waiting)]
            if not busy:
                return
            self.work(busy[0])

    # -- the run's name ---------------------------------------------------------------------------------------------------

    @property
    def marks(self) -> Canaries:
        return self.cloud.stage.marks

    @property
    def fingerprint(self) -> str:
        digest = hashlib.blake2b(digest_size=12)
        for who, call, fate in self.trace:
            digest.update(f"{who}|{call}|{fate}\n".encode())
        return digest.hexdigest()


def _query(raw: RawRequest) -> str:
    from urllib.parse import urlencode

    return urlencode(raw.query)

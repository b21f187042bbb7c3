"""What the lines of one step are: cards that are new, cards that somebody had before, or reasons why not."""

from collections.abc import Sequence
from dataclasses import dataclass

from faka.contexts.intake import ImportJob, Line, Parsed, Problem, Reason, decode, is_blank, parse
from faka.contexts.vault import CardText, Print, PrintMoved, fingerprint, print_moved
from faka.kernel.clock import business_day
from faka.wiring import Deps


@dataclass(frozen=True)
class Found:
    """Good cards with their lines, in the order of the file, and the lines without one."""

    cards: tuple[tuple[int, Parsed], ...]
    problems: tuple[Problem, ...]


def sort_lines(deps: Deps, job: ImportJob, lines: Sequence[Line]) -> Found:
    """Parse, then ask whose each card is: this very line's, or somebody's who had it before."""
    read = [(number, read_card(job, number, line)) for number, line in enumerate(lines, job.line + 1)]
    problems = [Problem(number, what) for number, what in read if isinstance(what, Reason)]
    first: dict[str, tuple[int, Parsed]] = {}
    secret = deps.fingerprint_key()
    for number, what in read:
        if isinstance(what, Parsed):
            hash_ = fingerprint(secret, CardText(what.number, what.secret))
            if hash_ in first:
                problems.append(Problem(number, Reason.DUPLICATE, job.id, first[hash_][0]))
            else:
                first[hash_] = (number, what)
    wanted = [Print(hash_, job.id, number) for hash_, (number, _) in first.items()]
    owners = _inherited(deps, wanted, deps.vault.claim_prints(wanted))
    cards = [first[mine.hash] for mine, owner in zip(wanted, owners, strict=True) if owner == mine]
    problems += [
        Problem(mine.line, Reason.DUPLICATE, owner.batch, owner.line) for mine, owner in zip(wanted, owners, strict=True) if owner != mine
    ]
    return Found(tuple(cards), tuple(sorted(problems, key=lambda problem: problem.line)))


def _inherited(deps: Deps, wanted: Sequence[Print], owners: Sequence[Print]) -> list[Print]:
    """Owners, after taking over fingerprints of cards that an import lost with its file: they never came on sale."""
    strangers = {owner.batch for mine, owner in zip(wanted, owners, strict=True) if owner.batch != mine.batch}
    jobs = deps.imports.get_many(strangers) if strangers else {}
    found = []
    for mine, owner in zip(wanted, owners, strict=True):
        other = jobs.get(owner.batch)
        is_lost = other is not None and other.has_lost(owner.line)
        found.append(_taken_over(deps, mine, owner) if is_lost else owner)
    return found


def _taken_over(deps: Deps, mine: Print, owner: Print) -> Print:
    try:
        deps.tables.apply(print_moved(owner, mine))
    except PrintMoved as moved:
        row = moved.row or {}
        return Print(mine.hash, row.get("b", owner.batch), row.get("l", owner.line))
    return mine


def read_card(job: ImportJob, number: int, line: Line) -> Parsed | Reason | None:
    """None for what is not a line of cards at all."""
    form = job.read.form
    if number == job.read.header_line or is_blank(line):
        return None
    if line.raw is None:
        return Reason.TOO_LONG
    text = decode(line.raw, form.encoding)
    if text is None:
        return Reason.ENCODING
    return parse(text, form, job.day or business_day(job.opened_at), is_link=job.wish.is_link)

"""Draw the sample of a batch while it is sealed: each new card has the same chance, however many there are."""

from collections.abc import Sequence

from faka.contexts.intake import ImportJob, Line, Sample
from faka.kernel.clock import Chance


def drawn(chance: Chance, job: ImportJob, lines: Sequence[Line], cards: Sequence[int], numbers: Sequence[int]) -> tuple[Sample, ...]:
    """The sample after one more step: `lines` of the file, of which those numbered `cards` are new and have these places in stock.

    Of cards seen so far, the n-th comes in with chance size/n and takes the place of any one before it. A step done again draws anew.
    """
    kept = list(job.samples)
    if not job.sample_size:
        return ()
    starts = [job.offset, *(line.end for line in lines)]
    for seen, (line, number) in enumerate(zip(cards, numbers, strict=True), job.counts.new + 1):
        place = line - job.line - 1
        sample = Sample(number=number, line=line, start=starts[place], end=starts[place + 1])
        at = int.from_bytes(chance.bytes(8), "big") % seen
        if len(kept) < job.sample_size:
            kept.append(sample)
        elif at < job.sample_size:
            kept[at] = sample
    return tuple(kept)

"""Intake: from an uploaded card file to a batch. Knows files, lines and jobs; nothing of seals or heads.

```
WAITING ─ upload copied to work/ ─► COUNTING ─ numbers and batch claimed ─► SEALING ─ whole file read ─► LINKING ─► DONE
                                       └─ nothing of it can be cards ─► REFUSED     └─ sample asked about ─► PROBING ─┘

incoming/{id}     the one place for which the upload form is good
work/{id}         where the file is read from; deleted before DONE
problems/{id}/…   lines that brought no card, and why
job row           offset, line, counts, lots with their open page: all that a worker needs to go on where another died
```
Two passes: the first finds the format and counts (`survey`), so that the numbers can be claimed in one piece and in expiry
order; the second seals. Both read the file in ranges, in memory that does not grow with it.

Invariants: `new + duplicate + bad` is the number of lines that are neither blank nor the header; a step is one conditional
write of the job row, and everything a step wrote before it is written again with the same meaning if the step is done again.
Access pattern: the job by its id.
"""

from faka.contexts.intake.card_file import Column, Format, Parsed, Reason, Shape, decode, parse, read_date
from faka.contexts.intake.errors import BadImport, ImportBusy, ImportMoved, ImportNotDone, ImportNotFound, NotForCards
from faka.contexts.intake.journal import BatchLog
from faka.contexts.intake.lines import Line, read_lines
from faka.contexts.intake.model import FILE_BYTES_MAX, REMARK_MAX, UPLOAD_VALID_S, Counts, ImportJob, ImportState, JobLot
from faka.contexts.intake.probe import ProbeRow, ProbeStore, Sample, Verdict, opened_probe
from faka.contexts.intake.problems import PROBLEMS_KIND, PROBLEMS_MAX, Problem, problems_key, safe_cell, written
from faka.contexts.intake.store import ImportStore
from faka.contexts.intake.survey import Refusal, Room, Survey, Wish, is_blank, survey


__all__ = [
    "FILE_BYTES_MAX",
    "PROBLEMS_KIND",
    "PROBLEMS_MAX",
    "REMARK_MAX",
    "UPLOAD_VALID_S",
    "BadImport",
    "BatchLog",
    "Column",
    "Counts",
    "Format",
    "ImportBusy",
    "ImportJob",
    "ImportMoved",
    "ImportNotDone",
    "ImportNotFound",
    "ImportState",
    "ImportStore",
    "JobLot",
    "Line",
    "NotForCards",
    "Parsed",
    "ProbeRow",
    "ProbeStore",
    "Problem",
    "Reason",
    "Refusal",
    "Room",
    "Sample",
    "Shape",
    "Survey",
    "Verdict",
    "Wish",
    "decode",
    "is_blank",
    "opened_probe",
    "parse",
    "problems_key",
    "read_date",
    "read_lines",
    "safe_cell",
    "survey",
    "written",
]

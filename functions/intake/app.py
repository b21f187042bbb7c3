"""intake: an uploaded card file becomes sealed cards on sale. May seal, may not open.

Audience   none
Trigger    intake queue: the bucket's "object created" under incoming/, and imports that go on
Flows      intake
Tables     catalog R (who can probe a SKU), trade RW, vault RW, journal append
Keys       cards GenerateDataKey, fingerprints GenerateMac
Limits     one message an invocation, files of 100 MB, steps of 1,000 lines
On failure the message comes again and the import goes on from its last step; after five the dead-letter queue and its alarm
"""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from faka.flows.intake import ImportNotFound, imports_named, run_import
from faka.kernel.errors import FakaError
from faka.platform.telemetry import contained, failed, observed
from faka.wiring import Deps, ShopSettings


class Settings(ShopSettings):
    faka_table_catalog: str
    faka_table_trade: str
    faka_table_vault: str
    faka_table_journal: str
    faka_kms_card_key: str
    faka_kms_fingerprint_key: str
    faka_bucket_intake: str
    faka_queue_intake: str


deps = Deps(Settings.from_env())


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    def handle(record: Any) -> None:
        for batch in imports_named(record.body):
            try:
                with contained():
                    run_import(deps, batch, lambda: context.get_remaining_time_in_millis() / 1000)
            except ImportNotFound as error:
                failed("message_dropped", error, batch_id=batch)
            except FakaError as error:
                failed("message_failed", error, batch_id=batch)
                raise

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return dict(process_partial_response(event=event, record_handler=handle, processor=processor, context=context))

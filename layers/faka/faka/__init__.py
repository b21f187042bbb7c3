"""faka: sells digital goods by itself and never gets money or goods wrong.

Floors, bottom-up; imports only ever point downward. `tests/architecture` reads its rules from this picture.

```
6  functions/<name>     may import flows steps.proof wiring platform.{door,queue,task,settings,telemetry} kernel pages aws_lambda_powertools
5  faka.flows.<verb>     may import itself steps wiring contexts platform kernel
4  faka.steps.<step>     may import wiring contexts platform kernel
3  faka.wiring           may import contexts platform kernel
2  faka.contexts.<noun>  may import itself kernel platform.table platform.due platform.day
1  faka.platform.<part>  may import kernel boto3 botocore aws_lambda_powertools
0  faka.kernel           may import pydantic
```
Only `platform.door` imports chalice, only `platform.envelope` the Encryption SDK, `cryptography` only the payment providers and
`platform.device_seal`.
Flows do not import flows and contexts do not import contexts: nouns know each other by id. A *step* is a piece that several
flows share and that combines nouns, such as settling a payment or giving cards back.
"""

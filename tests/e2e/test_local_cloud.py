"""The local cloud by itself, on a small template of its own: its front answers as the gateway does, and its state survives."""

import base64
import http.client
import json
import os
import signal
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kit.local import LocalCloud, running, start


pytestmark = pytest.mark.e2e

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  ShopUrl: {Type: String}
Globals:
  Function:
    Runtime: python3.13
    Handler: app.handler
    Timeout: 4
    Layers: [!Ref MineLayer]
    Environment: {Variables: {TABLE: !Ref TradeTable, SHOP: !Ref ShopUrl}}
Resources:
  MineLayer:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: layers/mine}
  TradeTable:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}
  Work: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 30}}
  Shop: {Type: AWS::Serverless::Api, Properties: {StageName: live, MinimumCompressionSize: 1024}}
  Notify: {Type: AWS::Serverless::Api, Properties: {StageName: live, BinaryMediaTypes: ["*~1*"]}}
  DoorFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/door
      Events:
        Home: {Type: Api, Properties: {RestApiId: !Ref Shop, Method: GET, Path: /}}
        Item: {Type: Api, Properties: {RestApiId: !Ref Shop, Method: GET, Path: "/p/{slug}"}}
        Named: {Type: Api, Properties: {RestApiId: !Ref Shop, Method: GET, Path: /p/named}}
        Buy: {Type: Api, Properties: {RestApiId: !Ref Shop, Method: POST, Path: "/p/{slug}"}}
        Notice: {Type: Api, Properties: {RestApiId: !Ref Notify, Method: POST, Path: "/v1/callbacks/{channel}/{account}"}}
  EchoFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/echo
      Policies: [{DynamoDBCrudPolicy: {TableName: !Ref TradeTable}}]
      Events:
        Stream: {Type: DynamoDB, Properties: {Stream: !GetAtt TradeTable.StreamArn, StartingPosition: TRIM_HORIZON, BatchSize: 10}}
        Queue: {Type: SQS, Properties: {Queue: !GetAtt Work.Arn, BatchSize: 1}}
Outputs:
  Shop: {Value: !Ref Shop}
  Notify: {Value: !Ref Notify}
"""

DOOR = """
import json, os, time
import mine

def answer(event):
    about = event["requestContext"]
    keys = ("httpMethod", "multiValueQueryStringParameters", "pathParameters", "body", "isBase64Encoded")
    return {key: event[key] for key in keys} | {"route": about["resourcePath"], "layer": mine.NAME, "cwd": os.path.basename(os.getcwd())}

def handler(event, context):
    what = (event.get("queryStringParameters") or {}).get("do", "")
    if what == "raise": raise ValueError("a secret that stays in the log")
    if what == "nonsense": return ["no", "proxy", "answer"]
    if what == "exit": os._exit(3)
    if what == "sleep": time.sleep(10)
    if what == "big": return {"statusCode": 200, "headers": {"Content-Type": "text/html"}, "body": "<p>long</p>" * 500}
    if what == "empty": return {"statusCode": 204}
    if what == "pid": return {"statusCode": 200, "body": str(os.getpid())}
    if what == "source":
        seen = [event["requestContext"]["identity"]["sourceIp"], event["headers"].get("X-Forwarded-For"), os.environ["TABLE"]]
        seen += [os.environ["AWS_LAMBDA_FUNCTION_NAME"], context.get_remaining_time_in_millis() > 1000]
        return {"statusCode": 200, "body": json.dumps(seen)}
    if what == "cookies":
        repeated = {"Set-Cookie": ["a=1; Path=/", "b=2"], "Content-Type": ["text/plain"]}
        return {"statusCode": 303, "headers": {"Location": "/x"}, "multiValueHeaders": repeated, "body": "字"}
    return {"statusCode": 200, "headers": {"content-type": "application/json", "X-Own": "yes"}, "body": json.dumps(answer(event))}
"""

ECHO = """
import json, os, time
import boto3
dynamodb = boto3.client("dynamodb")

def handler(event, context):
    for record in event["Records"]:
        name = record["dynamodb"]["Keys"]["pk"]["S"] if "dynamodb" in record else record["body"]
        if not name.startswith("echo"):
            dynamodb.put_item(TableName=os.environ["TABLE"], Item={"pk": {"S": "echo-" + name}, "at": {"N": repr(time.time())}})
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    files = {
        "template.yaml": TEMPLATE,
        "functions/door/app.py": DOOR,
        "functions/echo/app.py": ECHO,
        "layers/mine/mine.py": "NAME = 'mine'\n",
    }
    for name, text in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(textwrap.dedent(text))
    return root


@pytest.fixture(scope="module")
def cloud(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running(tmp_path_factory.mktemp("state"), "--bare", "--workers", "door=2", root=project) as cloud:
        yield cloud


def ask(address: str, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, dict[str, list[str]], bytes]:
    host, _, prefix = address.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=40)
    connection.request(method, (f"/{prefix}" if prefix else "") + path, body, {n.replace("_", "-"): v for n, v in headers.items()})
    response = connection.getresponse()
    content, found = response.read(), {}
    for name, value in response.getheaders():
        found.setdefault(name.lower(), []).append(value)
    connection.close()
    return response.status, found, content


def gateway(cloud: LocalCloud, api: str) -> str:
    """The address of the same API on the emulator's own API Gateway."""
    stack = cloud.client("cloudformation").describe_stacks(StackName="faka")["Stacks"][0]
    ids = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    return f"{cloud.endpoint}/restapis/{ids[api]}/live/_user_request_"


# Of a repeated query argument, the single-value form holds the last on AWS and in the front, the first in the emulator; Chalice
# reads the multi-value form, and so does this comparison.
SAME = {
    "a page": ("Shop", "GET", "/", None, {}),
    "a path parameter is decoded": ("Shop", "GET", "/p/a%20b%C3%A9", None, {}),
    "a literal wins over a parameter": ("Shop", "GET", "/p/named", None, {}),
    "a query with repeats and blanks": ("Shop", "GET", "/p/x?a=1&a=2&b=&c=%E5%8D%A1", None, {}),
    "a form": ("Shop", "POST", "/p/x", "sku=1&name=卡".encode(), {"Content_Type": "application/x-www-form-urlencoded"}),
    "a form without a body": ("Shop", "POST", "/p/x", b"", {"Content_Type": "application/x-www-form-urlencoded"}),
    "a notice": ("Notify", "POST", "/v1/callbacks/pay/one", b"", {"Content_Type": "application/octet-stream"}),
    "cookies, a redirect and a text in UTF-8": ("Shop", "GET", "/?do=cookies", None, {}),
    "an error of the function": ("Shop", "GET", "/?do=raise", None, {}),
    "no content": ("Shop", "GET", "/?do=empty", None, {}),
}


@pytest.mark.parametrize("name", SAME)
def test_the_front_answers_as_the_emulators_gateway_does(cloud: LocalCloud, name: str) -> None:
    api, method, path, body, headers = SAME[name]

    ours = ask(cloud.shop, method, path, body, **headers)
    theirs = ask(gateway(cloud, api), method, path, body, **headers)

    told = ("content-type", "set-cookie", "location", "x-own")
    assert ours[0] == theirs[0]
    assert {key: ours[1].get(key) for key in told} == {key: theirs[1].get(key) for key in told}
    if ours[0] < 500:
        assert ours[2] == theirs[2]


def test_a_body_of_a_binary_type_arrives_byte_for_byte(cloud: LocalCloud) -> None:
    _, _, content = ask(cloud.shop, "POST", "/v1/callbacks/pay/one", b"\xff\x00\xb3", Content_Type="application/octet-stream")

    seen = json.loads(content)
    assert (seen["isBase64Encoded"], base64.b64decode(seen["body"])) == (True, b"\xff\x00\xb3")


@pytest.mark.parametrize(("method", "path"), [("GET", "/nix"), ("DELETE", "/"), ("GET", "/p/a/b"), ("GET", "/p/"), ("HEAD", "/x")])
def test_an_unknown_route_is_refused_as_by_the_gateway(cloud: LocalCloud, method: str, path: str) -> None:
    status, _, content = ask(cloud.shop, method, path)

    assert (status, content) == (403, b"" if method == "HEAD" else b'{"message": "Missing Authentication Token"}')


def test_a_function_learns_the_peer_and_its_own_settings(cloud: LocalCloud) -> None:
    _, _, content = ask(cloud.shop, "GET", "/?do=source", X_Forwarded_For="6.6.6.6")

    source, forwarded, table, name, has_time = json.loads(content)
    assert (source, forwarded, has_time) == ("127.0.0.1", "127.0.0.1", True)
    assert table == cloud.deployed()["TradeTable"]
    assert name == cloud.deployed()["DoorFunction"]


def test_long_answers_are_packed_for_those_who_take_it(cloud: LocalCloud) -> None:
    _, plain, whole = ask(cloud.shop, "GET", "/?do=big")
    _, packed, short = ask(cloud.shop, "GET", "/?do=big", Accept_Encoding="gzip, br")

    assert "content-encoding" not in plain
    assert packed["content-encoding"] == ["gzip"]
    assert len(short) < len(whole) / 10


def test_nonsense_of_a_function_is_a_bad_gateway_and_its_text_stays_in_the_log(cloud: LocalCloud) -> None:
    assert ask(cloud.shop, "GET", "/?do=nonsense")[0] == 502
    status, _, content = ask(cloud.shop, "GET", "/?do=raise")

    assert status == 502
    assert b"secret" not in content
    assert "ValueError: a secret that stays in the log" in cloud.log("door")


def test_a_worker_that_dies_is_replaced(cloud: LocalCloud) -> None:
    for _ in range(2):
        assert ask(cloud.shop, "GET", "/?do=exit")[0] == 502

    assert ask(cloud.shop, "GET", "/?do=pid")[0] == 200


def test_a_function_that_takes_too_long_is_cut_off(cloud: LocalCloud) -> None:
    began = time.monotonic()

    assert ask(cloud.shop, "GET", "/?do=sleep")[0] == 504
    assert time.monotonic() - began < 8
    assert ask(cloud.shop, "GET", "/?do=pid")[0] == 200


def test_a_body_above_the_gateways_bound_is_refused(cloud: LocalCloud) -> None:
    status, _, content = ask(cloud.shop, "POST", "/p/x", b"x" * (10 * 1024 * 1024 + 1))

    assert (status, b"content length" in content) == (413, True)


def test_another_host_name_is_refused_and_localhost_led_to_the_one_address(cloud: LocalCloud) -> None:
    assert ask(cloud.shop, "GET", "/", Host="evil.example")[0] == 403
    status, headers, _ = ask(cloud.shop, "GET", "/p/x?a=1", Host=f"localhost:{cloud.port}")

    assert (status, headers["location"]) == (307, [f"{cloud.shop}/p/x?a=1"])


def seen(cloud: LocalCloud, name: str, within_s: float = 10) -> Any:
    """The echo of a write, by the stream or the queue."""
    dynamodb, end = cloud.client("dynamodb"), time.monotonic() + within_s
    while time.monotonic() < end:
        answer = dynamodb.get_item(TableName=cloud.deployed()["TradeTable"], Key={"pk": {"S": f"echo-{name}"}})
        if "Item" in answer:
            return answer["Item"]
        time.sleep(0.02)
    raise AssertionError(f"no echo of {name}: " + cloud.log("echo") + cloud.log("cloud"))


def test_streams_and_queues_call_their_functions(cloud: LocalCloud) -> None:
    physical = cloud.deployed()
    cloud.client("dynamodb").put_item(TableName=physical["TradeTable"], Item={"pk": {"S": "one"}})
    cloud.client("sqs").send_message(QueueUrl=physical["Work"], MessageBody="two")

    assert seen(cloud, "one")
    assert seen(cloud, "two")


def test_time_to_live_of_the_template_holds(cloud: LocalCloud) -> None:
    found = cloud.client("dynamodb").describe_time_to_live(TableName=cloud.deployed()["TradeTable"])

    assert found["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}


def test_state_survives_a_stop_and_a_move_to_other_ports_but_not_a_kill(project: Path, tmp_path: Path) -> None:
    first = start(tmp_path, "--bare", root=project)
    table = first.deployed()["TradeTable"]
    first.client("dynamodb").put_item(TableName=table, Item={"pk": {"S": "note"}, "shop": {"S": first.shop}})
    assert first.stop() == 0

    second = start(tmp_path, "--bare", root=project)
    item = second.client("dynamodb").get_item(TableName=table, Key={"pk": {"S": "note"}})["Item"]
    assert second.port != first.port
    assert item["shop"]["S"] == second.shop
    assert (
        second.client("lambda").get_function_configuration(FunctionName=second.deployed()["DoorFunction"])["Environment"]["Variables"][
            "SHOP"
        ]
        == second.shop
    )
    second.client("dynamodb").put_item(TableName=table, Item={"pk": {"S": "after"}})
    assert seen(second, "after"), "streams must go on after a restart"
    children = descendants(second.process.pid)
    second.process.send_signal(signal.SIGKILL)
    second.process.wait()
    gone(children)
    (tmp_path / "dirty").touch()  # what a kill of the emulator itself leaves behind

    third = start(tmp_path, "--bare", root=project)
    assert "killed" in (tmp_path / "out").read_text()
    assert "Item" not in third.client("dynamodb").get_item(TableName=third.deployed()["TradeTable"], Key={"pk": {"S": "note"}})
    children = descendants(third.process.pid)
    assert third.stop() == 0
    gone(children)


def descendants(parent: int) -> set[int]:
    found, parents = set(), {}
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                parents[int(place.name)] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    ring = {parent}
    while ring:
        ring = {child for child, its in parents.items() if its in ring} - found
        found |= ring
    return found


def gone(processes: set[int], within_s: float = 15) -> None:
    """Nothing of it runs any more."""
    assert processes
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        processes = {number for number in processes if _is_running(number)}
        if not processes:
            return
        time.sleep(0.05)
    raise AssertionError(f"still running: {processes}")


def _is_running(number: int) -> bool:
    try:
        os.kill(number, 0)
        return "Z" not in Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False

"""The documents are what the code says; a change of either is noticed."""

import re
from dataclasses import replace
from typing import Any

import pytest
import yaml

from faka.kernel.errors import Conflict
from infra.tools import answers, openapi
from infra.tools.openapi import APIS, NOTIFY, SHOP, Api, Undescribed, document, written
from infra.tools.routes import Operation, door_of, operations
from infra.tools.template import Template


pytestmark = pytest.mark.contract


def found(api: Api) -> list[Operation]:
    return [one for function in api.functions for one in operations(door_of(function))]


def described(made: dict[str, Any]) -> set[tuple[str, str]]:
    return {(method.upper(), path) for path, methods in made["paths"].items() for method in methods}


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)
def test_a_document_is_what_make_api_writes(api: Api) -> None:
    assert api.path.read_text() == written(api), "make api"


@pytest.mark.parametrize(("api", "gateway"), [(SHOP, "ShopApi"), (NOTIFY, "NotifyApi")])
def test_a_document_tells_the_routes_that_the_template_has(api: Api, gateway: str) -> None:
    template = Template()
    routes = {route for name in api.functions for route in template.routes(f"{name.capitalize()}Function")}
    assert described(yaml.safe_load(api.path.read_text())) == routes
    assert gateway in template.resources


def test_each_word_about_a_field_is_used() -> None:
    used = {name for one in found(SHOP) for place in ("form", "query", "header") for name in one.reads.at(place)}
    used |= {part for api in APIS for one in found(api) for part in re.findall(r"\{\w+\}", one.path)}
    assert set(answers.MEANINGS) <= used


def test_bounds_are_those_of_the_code() -> None:
    from faka.kernel.limits import CONTACT_MAX, ORDER_CARDS_MAX

    form = document(SHOP)["paths"]["/p/{slug}"]["post"]["requestBody"]["content"][openapi.FORM_TYPE]["schema"]["properties"]
    assert (form["quantity"]["maximum"], form["contact"]["maxLength"]) == (ORDER_CARDS_MAX, CONTACT_MAX)


# -- twins ---------------------------------------------------------------------------------------------------------------


def test_a_new_route_is_noticed() -> None:
    routes = found(SHOP)
    with pytest.raises(Undescribed, match="GET /new"):
        document(SHOP, [*routes, replace(routes[0], path="/new")])


def test_a_route_that_went_away_is_noticed() -> None:
    with pytest.raises(Undescribed, match="GET /"):
        document(SHOP, found(SHOP)[1:])


def test_a_changed_bound_changes_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    before = document(SHOP)
    view = next(one.view for one in found(SHOP) if one.id == "Buy.submit")
    monkeypatch.setitem(view.__globals__, "ORDER_CARDS_MAX", 7)  # type: ignore[attr-defined]
    after = document(SHOP)
    form = after["paths"]["/p/{slug}"]["post"]["requestBody"]["content"][openapi.FORM_TYPE]["schema"]["properties"]
    assert form["quantity"]["maximum"] == 7
    assert before != after


def test_a_field_without_words_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(answers.MEANINGS, "quantity")
    with pytest.raises(Undescribed, match="quantity"):
        document(SHOP)


def test_a_changed_status_of_an_error_changes_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    before = document(SHOP)
    monkeypatch.setattr(Conflict, "http_status", 410)
    assert document(SHOP) != before

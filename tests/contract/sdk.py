"""Amazon's own Python SDK (`amzn-sp-api`) as a witness of what its APIs take and give.

Nothing is known here of any operation: everything is found in the classes that Amazon generates from its models, by walking
them (`swagger_types`, `attribute_map`, the checks in their setters) and by calling them with a client that only records.
"""

from __future__ import annotations

import datetime as dt
import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from urllib.parse import unquote

from spapi.api_client import ApiClient
from spapi.configuration import Configuration

APIS = (
    "reports_v2021_06_30.reports_api.ReportsApi",
    "tokens_v2021_03_01.tokens_api.TokensApi",
    "sellers_v1.sellers_api.SellersApi",
    "finances_v0.finances_v0_api.FinancesV0Api",
    "finances_v2024_06_19.finances_v2024_api.FinancesV2024Api",
    "transfers_v2024_06_01.transfers_api.TransfersApi",
    "applications_v2023_11_30.applications_api.ApplicationsApi",
)
_LIST = re.compile(r"[Ll]ist\[(.*)\]")
_DICT = re.compile(r"[Dd]ict[\[(]str, (.*)[\])]")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_PARAMETER = re.compile(r":param (\S+) (\w+):")
_PRIMITIVES = {"str": str, "int": int, "float": (int, float), "bool": bool}
_CONFIGURATION = Configuration()


class _Recorder(ApiClient):
    """Records what a call would send, and sends nothing."""

    def __init__(self) -> None:
        self.configuration = _CONFIGURATION
        self.client_side_validation = True
        self._pool = None
        self.sent: dict[str, Any] = {}

    def call_api(self, path: str, method: str, path_params: Any, query: Any, headers: Any, **more: Any) -> None:
        """Keep the arguments of the call."""
        self.sent = {"path": path, "method": method, "path_params": dict(path_params), "query": query, **more}


@dataclass(frozen=True)
class Operation:
    """One operation, as the SDK calls it."""

    name: str
    api: type[Any]
    method: str
    path: str
    types: Mapping[str, str]
    """The type of each argument, by the SDK's name."""
    query: Mapping[str, str]
    """The SDK's name of each parameter in the query, by Amazon's."""
    path_params: Mapping[str, str]
    body: str | None
    """The model of the body."""
    answer: str | None
    """The model of the answer."""
    models: str

    def matches(self, method: str, path: str) -> dict[str, str] | None:
        """Returns the parameters in a path; None if it is of another operation."""
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.path))
        found = re.fullmatch(pattern, path) if method == self.method else None
        return None if found is None else {name: unquote(value) for name, value in found.groupdict().items()}


def operations() -> dict[str, Operation]:
    """Returns every operation of the APIs by Amazon's name."""
    found = {}
    for name in APIS:
        module, _, class_name = name.rpartition(".")
        api = getattr(importlib.import_module(f"spapi.api.{module}"), class_name)
        for attribute in vars(api):
            if f"{attribute}_with_http_info" in vars(api):
                operation = _operation(api, attribute)
                found[operation.name] = operation
    return found


def _operation(api: type[Any], attribute: str) -> Operation:
    types = {n: t for t, n in _PARAMETER.findall(getattr(api, attribute).__doc__) if n != "async_req"}
    client = _Recorder()
    client.client_side_validation = False
    marks = {name: _Mark(name) for name in types}
    getattr(api(client), attribute)(**marks)
    sent = client.sent
    head, *rest = attribute.split("_")
    return Operation(
        name=head + "".join(word.capitalize() for word in rest),
        api=api,
        method=sent["method"],
        path=sent["path"],
        types=types,
        query={wire: mark.name for wire, mark in sent["query"]},
        path_params={wire: mark.name for wire, mark in sent["path_params"].items()},
        body=types[sent["body"].name] if sent["body"] is not None else None,
        answer=sent["response_type"],
        models=api.api_models_module,
    )


class _Mark(list):
    """Stands for an argument, whatever its type is."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


def request_problems(operation: Operation, path: str, query: list[tuple[str, str]], body: Any) -> list[str]:
    """Returns what is wrong with a request, held against what the SDK would send for the same operation."""
    given: dict[str, str] = {}
    found = []
    for name, value in query:
        if name not in operation.query:
            found.append(f"{operation.name} has no parameter {name}")
        elif name in given:
            found.append(f"{name} is given more than once")
        given[name] = value
    arguments: dict[str, Any] = {}
    for wire, value in (operation.matches(operation.method, path) or {}).items():
        arguments[operation.path_params[wire]] = value
    for name, value in given.items():
        if name in operation.query:
            argument = operation.query[name]
            try:
                arguments[argument] = _converted(value, operation.types[argument])
            except ValueError as wrong:
                found.append(f"{name} {value!r}: {wrong}")
    if operation.body:
        found += problems(body, operation.body, operation.models)
        arguments["body"] = body
    elif body is not None:
        found.append(f"{operation.name} has no body")
    return found or _differences(operation, arguments, path, given)


def _differences(operation: Operation, arguments: dict[str, Any], path: str, given: dict[str, str]) -> list[str]:
    """What the SDK sends otherwise for the same arguments, or refuses to send."""
    client = _Recorder()
    snake = re.sub("([A-Z])", lambda found: "_" + found.group().lower(), operation.name)
    try:
        getattr(operation.api(client), snake)(**arguments)
    except (ValueError, TypeError) as refused:
        return [str(refused)]
    sent = client.sent
    own = sent["path"]
    for name, value in sent["path_params"].items():
        own = own.replace("{" + name + "}", value)
    pairs = client.parameters_to_tuples(client.sanitize_for_serialization(sent["query"]), sent["collection_formats"])
    wanted = {name: _normal(str(value)) for name, value in pairs}
    mine = {name: _normal(value) for name, value in given.items()}
    return [
        *([] if own == path else [f"the SDK sends it to {own}, not to {path}"]),
        *([] if wanted == mine else [f"the SDK sends {wanted}, not {mine}"]),
    ]


def _converted(text: str, type_: str) -> Any:
    if listed := _LIST.fullmatch(type_):
        return [_converted(each, listed[1]) for each in text.split(",")]
    if type_ == "date":
        if not _DATE.fullmatch(text):
            raise ValueError("is not a date")
        return dt.date.fromisoformat(text)
    if type_ == "datetime":
        if not _DATE_TIME.fullmatch(text):
            raise ValueError("is not a date-time")
        return dt.datetime.fromisoformat(text)
    if type_ == "int":
        return int(text)
    if type_ == "bool":
        if text not in ("true", "false"):
            raise ValueError("is neither true nor false")
        return text == "true"
    if not text:
        raise ValueError("is empty")
    return text


def _normal(text: str) -> str:
    """A value without what differs in its spelling alone."""
    if _DATE_TIME.fullmatch(text):
        return dt.datetime.fromisoformat(text).astimezone(dt.UTC).isoformat()
    return text.lower() if text.lower() in ("true", "false") else text


def problems(content: Any, type_: str, models: str, where: str = "") -> list[str]:
    """Returns what is wrong with a JSON value, held against a type of the SDK.

    An unknown field, a value of a wrong type or outside an enumeration, and a required field that is missing or null. An
    optional field may be null: the SDK reads both as None.
    """
    return list(_problems(content, type_, importlib.import_module(models), where or type_))


def _problems(content: Any, type_: str, models: ModuleType, where: str) -> Iterator[str]:
    if listed := _LIST.fullmatch(type_):
        if not isinstance(content, list):
            yield f"{where} is not a list"
            return
        for place, each in enumerate(content):
            yield from _problems(each, listed[1], models, f"{where}[{place}]")
    elif mapped := _DICT.fullmatch(type_):
        if not isinstance(content, dict):
            yield f"{where} is not an object"
            return
        for name, each in content.items():
            yield from _problems(each, mapped[1], models, f"{where}.{name}")
    elif type_ in ("datetime", "date"):
        pattern, words = (_DATE, "a date") if type_ == "date" else (_DATE_TIME, "a date-time")
        if not isinstance(content, str) or not pattern.fullmatch(content):
            yield f"{where} {content!r} is not {words}"
    elif type_ in _PRIMITIVES:
        wanted = _PRIMITIVES[type_]
        if not isinstance(content, wanted) or (isinstance(content, bool) and wanted is not bool):
            yield f"{where} {content!r} is not {type_}"
    elif type_ != "object":
        yield from _of_model(content, getattr(models, type_), models, where)


def _of_model(content: Any, model: type[Any], models: ModuleType, where: str) -> Iterator[str]:
    if not model.swagger_types:  # an enumeration
        allowed = [value for name, value in vars(model).items() if name.isupper() and isinstance(value, str)]
        if content not in allowed:
            yield f"{where} {content!r} is not one of {allowed}"
        return
    if not isinstance(content, dict):
        yield f"{where} is not an object"
        return
    attributes = {wire: name for name, wire in model.attribute_map.items()}
    for wire in content.keys() - attributes.keys():
        yield f"{where} has no field {wire}"
    for wire, name in attributes.items():
        value = content.get(wire)
        if value is None:
            if _refusal(model, name, None, "must not be `None`"):
                yield f"{where} lacks {wire}"
            continue
        yield from _problems(value, model.swagger_types[name], models, f"{where}.{wire}")
        if wrong := _refusal(model, name, value, ""):
            yield f"{where}.{wire}: {wrong}"


def _refusal(model: type[Any], name: str, value: Any, words: str) -> str | None:
    """What the setter of an attribute says against a value."""
    instance = model.__new__(model)
    instance._configuration = _CONFIGURATION
    try:
        setattr(instance, name, value)
    except ValueError as refused:
        return str(refused) if words in str(refused) else None
    except TypeError:  # it compares the length of something that has none: the type is wrong, and is told
        return None
    return None

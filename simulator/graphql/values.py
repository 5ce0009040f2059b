"""Variables and arguments as Python values, checked against their types with Shopify's own error texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from graphql import (
    BooleanValueNode,
    EnumValueNode,
    FieldNode,
    FloatValueNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    print_ast,
    type_from_ast,
)

from simulator.graphql.errors import RequestError, locations_of

Problem = dict[str, Any]
_MAX_INT: Final = 2**31
_ABSENT: Final = object()


def coerce_variables(
    schema: GraphQLSchema, operation: OperationDefinitionNode, given: Mapping[str, Any]
) -> dict[str, Any]:
    """The operation's variables. Raises RequestError (INVALID_VARIABLE) as Shopify words it."""
    values: dict[str, Any] = {}
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        kind = type_from_ast(schema, definition.type)
        if name not in given:
            if definition.default_value is not None:
                values[name] = coerce(literal(definition.default_value, {}), kind, [], [])
                continue
            if not isinstance(kind, GraphQLNonNull):
                continue
        problems: list[Problem] = []
        values[name] = coerce(given.get(name), kind, [], problems)
        if problems:
            raise _invalid_variable(name, print_ast(definition.type), given.get(name), problems, definition.variable)
    return values


def _invalid_variable(name: str, kind: str, value: Any, problems: list[Problem], node: VariableNode) -> RequestError:
    named = [f"{'.'.join(map(str, p['path']))} ({p['explanation']})" for p in problems if p["path"]]
    text = f"Variable ${name} of type {kind} was provided invalid value"
    if named:
        text += f" for {', '.join(named)}"
    extensions = {"code": "INVALID_VARIABLE", "value": value, "problems": problems}
    return RequestError(text, extensions, locations_of(node))


def arguments_of(definition: GraphQLField, node: FieldNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    """A field's arguments; one that is neither given nor has a default is absent."""
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    values: dict[str, Any] = {}
    for name, argument in definition.args.items():
        value: Any = _ABSENT
        if name in given:
            value = literal(given[name], variables)
        if value is _ABSENT and argument.default is not None and argument.default.literal is not None:
            value = literal(argument.default.literal, {})
        if value is not _ABSENT:
            values[name] = value if isinstance(given.get(name), VariableNode) else coerce(value, argument.type, [], [])
    return values


def literal(node: ValueNode, variables: Mapping[str, Any]) -> Any:
    """A value as written in the document, variables filled in. An absent variable leaves its object field absent."""
    if isinstance(node, VariableNode):
        return variables.get(node.name.value, _ABSENT)
    if isinstance(node, (StringValueNode, BooleanValueNode, EnumValueNode)):
        return node.value
    if isinstance(node, IntValueNode):
        return int(node.value)
    if isinstance(node, FloatValueNode):
        return float(node.value)
    if isinstance(node, ListValueNode):
        return [None if (v := literal(item, variables)) is _ABSENT else v for item in node.values]
    if isinstance(node, ObjectValueNode):
        fields = ((field.name.value, literal(field.value, variables)) for field in node.fields)
        return {name: value for name, value in fields if value is not _ABSENT}
    return None


def coerce(value: Any, kind: Any, path: list[str | int], problems: list[Problem]) -> Any:
    """The value as its type wants it; what does not fit is added to `problems`."""
    if isinstance(kind, GraphQLNonNull):
        if value is None:
            problems.append({"path": path, "explanation": "Expected value to not be null"})
            return None
        kind = kind.of_type
    if value is None:
        return None
    if isinstance(kind, GraphQLList):
        if not isinstance(value, list):
            return [coerce(value, kind.of_type, path, problems)]
        return [coerce(item, kind.of_type, [*path, index], problems) for index, item in enumerate(value)]
    if isinstance(kind, GraphQLInputObjectType):
        return _coerce_object(value, kind, path, problems)
    if isinstance(kind, GraphQLEnumType):
        if isinstance(value, str) and value in kind.values:
            return value
        listed = ", ".join(kind.values)
        problems.append({"path": path, "explanation": f'Expected "{value}" to be one of: {listed}'})
        return None
    check: Callable[[Any], Any] = _SCALARS.get(kind.name, _text)
    result = check(value)
    if result is None:
        problems.append({"path": path, "explanation": f"Could not coerce value {json.dumps(value)} to {kind.name}"})
    return result


def _coerce_object(value: Any, kind: GraphQLInputObjectType, path: list[str | int], problems: list[Problem]) -> Any:
    if not isinstance(value, dict):
        explanation = f"Expected {json.dumps(value)} to be a key-value object."
        problems.append({"path": path, "explanation": explanation})
        return None
    fields = kind.fields
    result: dict[str, Any] = {}
    undefined = [name for name in value if name not in fields]
    problems += [{"path": [*path, name], "explanation": f"Field is not defined on {kind.name}"} for name in undefined]
    for name, field in fields.items():
        if name in value:
            result[name] = coerce(value[name], field.type, [*path, name], problems)
        elif field.default is not None and field.default.literal is not None:
            result[name] = literal(field.default.literal, {})
        elif isinstance(field.type, GraphQLNonNull):
            problems.append({"path": [*path, name], "explanation": "Expected value to not be null"})
    return result


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _identifier(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _whole(value: Any) -> int | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    whole = isinstance(value, int) and not isinstance(value, bool) and -_MAX_INT <= value < _MAX_INT
    return value if whole else None


def _truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _decimal(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


_SCALARS: Final[dict[str, Callable[[Any], Any]]] = {
    "ID": _identifier,
    "Int": _whole,
    "Boolean": _truth,
    "Float": _decimal,
    "UnsignedInt64": _identifier,
}

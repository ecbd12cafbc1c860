"""Small lies told about a module's source, one at a time: what a test suite should notice.

Every number is moved by one step either way, every comparison's edge and sense is turned, `and`
becomes `or`, an entry of a table is left out, a gate is asked at another level, a member of an
enumeration becomes its neighbour, a word another word. Annotations and docstrings are left alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from enum import EnumType

EDGES = {ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">"}
SENSES = {
    ast.Lt: ">=",
    ast.LtE: ">",
    ast.Gt: "<=",
    ast.GtE: "<",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}
SUMS = {ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.BitOr: "&", ast.BitAnd: "|"}
TWINS = {"min": "max", "max": "min", "any": "all", "all": "any"}
TYPES = frozenset({"dict", "frozenset", "list", "set", "tuple", "type"})
ANOTHER_WORD = "another"


@dataclass(frozen=True)
class Mutant:
    """A module's source with one lie in it."""

    line: int
    before: str  # the line as it was, stripped
    what: str  # was -> is
    source: str


@dataclass(frozen=True)
class _Splice:
    node: ast.expr
    text: str


def mutants(source: str, enums: dict[str, EnumType], levels: tuple[str, ...]) -> Iterator[Mutant]:
    """All of them, in the order of the source.

    `enums` are the enumerations by the names that the source uses, `levels` the names of those
    sets of levels of which a gate takes one.
    """
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    seen: set[str] = set()
    for splice in _splices(ast.parse(source), enums, levels):
        node = splice.node
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        begin = starts[node.lineno - 1] + node.col_offset
        end = starts[node.end_lineno - 1] + node.end_col_offset
        changed = source[:begin] + splice.text + source[end:]
        if changed in seen or changed == source:
            continue
        seen.add(changed)
        was = ast.unparse(node)
        yield Mutant(
            node.lineno, lines[node.lineno - 1].strip(), f"{was} -> {splice.text}", changed
        )


def _splices(
    tree: ast.Module, enums: dict[str, EnumType], levels: tuple[str, ...]
) -> Iterator[_Splice]:
    for node in _spoken(tree):
        yield from _of_numbers_and_words(node)
        yield from _of_conditions(node)
        yield from _of_branches(node)
        yield from _of_tables(node)
        yield from _of_names(node, enums)
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "Gate"
        ):
            for level in levels:
                yield _Splice(node.args[1], level)


def _spoken(node: ast.AST) -> Iterator[ast.AST]:
    """What is said in code: neither annotations nor docstrings, imports or formatted words."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list", "bases", "keywords_of_class"}:
            continue
        children = value if isinstance(value, list) else [value]
        for child in children:
            if isinstance(child, ast.Import | ast.ImportFrom | ast.JoinedStr):
                continue
            if _is_docstring(child):
                continue
            if isinstance(child, ast.AnnAssign) and child.value is None:
                continue
            if isinstance(node, ast.ClassDef) and _is_only_a_name(child):
                continue
            if isinstance(node, ast.Subscript) and _is_type(node):
                continue
            if isinstance(child, ast.AST):
                yield from _spoken(child)


def _is_docstring(node: object) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _is_only_a_name(node: object) -> bool:
    """A member of an enumeration: nobody asks what it is, only which (but `CODE = "CODE"`)."""
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
        return False
    value = node.value
    return isinstance(value, ast.Constant) and value.value != node.targets[0].id


def _is_type(node: ast.Subscript) -> bool:
    """A parametrised type: `Callable[...]`, `frozenset[...]`."""
    name = node.value.id if isinstance(node.value, ast.Name) else ""
    return (name[:1].isupper() and not name.isupper()) or name in TYPES


def _of_numbers_and_words(node: ast.AST) -> Iterator[_Splice]:
    if not isinstance(node, ast.Constant):
        return
    value = node.value
    if isinstance(value, bool):
        yield _Splice(node, str(not value))
    elif isinstance(value, int):
        yield _Splice(node, str(value + 1))
        yield _Splice(node, f"({value - 1})")
    elif isinstance(value, float):
        step = 0.1 if abs(value) >= 1 else abs(value) / 4
        yield _Splice(node, f"{value + step:.12g}")
        yield _Splice(node, f"{value - step:.12g}")
    elif isinstance(value, str):
        yield _Splice(node, repr(ANOTHER_WORD))


def _of_conditions(node: ast.AST) -> Iterator[_Splice]:
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            for table in (EDGES, SENSES):
                if type(operator) in table:
                    yield _Splice(node, _compared(node, place, table[type(operator)]))
    elif isinstance(node, ast.BoolOp):
        turned = ast.BoolOp(ast.And() if isinstance(node.op, ast.Or) else ast.Or(), node.values)
        yield _Splice(node, f"({ast.unparse(turned)})")
        for place in range(len(node.values)):
            rest = node.values[:place] + node.values[place + 1 :]
            left: ast.expr = rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
            yield _Splice(node, f"({ast.unparse(left)})")
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield _Splice(node, f"({ast.unparse(node.operand)})")
    elif isinstance(node, ast.BinOp) and type(node.op) in SUMS:
        one, other = ast.unparse(node.left), ast.unparse(node.right)
        yield _Splice(node, f"(({one}) {SUMS[type(node.op)]} ({other}))")


def _of_branches(node: ast.AST) -> Iterator[_Splice]:
    told_elsewhere = ast.Compare | ast.BoolOp | ast.UnaryOp
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        if not isinstance(node.test, told_elsewhere):
            yield _Splice(node.test, f"(not {ast.unparse(node.test)})")
    elif isinstance(node, ast.comprehension):
        for condition in node.ifs:
            yield _Splice(condition, "True")


def _compared(node: ast.Compare, place: int, sign: str) -> str:
    said = ast.unparse(node.left)
    for number, (operator, right) in enumerate(zip(node.ops, node.comparators, strict=True)):
        was = ast.unparse(ast.Compare(ast.Name("x"), [operator], [ast.Name("y")]))[2:-2]
        said += f" {sign if number == place else was} {ast.unparse(right)}"
    return f"({said})"


def _of_tables(node: ast.AST) -> Iterator[_Splice]:
    """A set, tuple or table with one entry left out."""
    if isinstance(node, ast.Set | ast.List | ast.Tuple) and len(node.elts) > 1:
        if isinstance(node.ctx if not isinstance(node, ast.Set) else None, ast.Store):
            return
        for place in range(len(node.elts)):
            rest = node.elts[:place] + node.elts[place + 1 :]
            said = ", ".join(ast.unparse(one) for one in rest)
            brackets = {ast.Set: "{%s}", ast.List: "[%s]", ast.Tuple: "(%s,)"}[type(node)]
            yield _Splice(node, brackets % said)
    elif isinstance(node, ast.Dict):
        for place in range(len(node.keys)):
            rest_of = ast.Dict(
                node.keys[:place] + node.keys[place + 1 :],
                node.values[:place] + node.values[place + 1 :],
            )
            yield _Splice(node, ast.unparse(rest_of))


def _of_names(node: ast.AST, enums: dict[str, EnumType]) -> Iterator[_Splice]:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        members = list(getattr(enums.get(node.value.id), "__members__", ()))
        if node.attr in members and len(members) > 1:
            neighbour = members[(members.index(node.attr) + 1) % len(members)]
            yield _Splice(node, f"{node.value.id}.{neighbour}")
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TWINS:
        yield _Splice(node.func, TWINS[node.func.id])

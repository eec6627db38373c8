"""Fails if files of a Rust crate depend on each other in a circle.

    modules.py [--show] CRATE/src...

A `use` of a re-export counts as a dependency on the file that defines the item. Tests and comments do not count.
`--show` prints the graph.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

Graph = dict[str, set[str]]
"""Which files a file needs. A file is named by its module path, for example "login::seal"."""

PUBLIC = r"pub(?:\([^)]*\))? "


def main(arguments: list[str]) -> None:
    show = "--show" in arguments
    failed = False
    for source in [Path(argument) for argument in arguments if argument != "--show"]:
        graph = Crate(source).graph()
        if show:
            for module in sorted(graph):
                print(f"  {module}: {', '.join(sorted(graph[module]))}")
        circles = [part for part in components(graph) if len(part) > 1]
        for part in circles:
            print(f"{source}: a circle: {', '.join(sorted(part))}", file=sys.stderr)
        failed = failed or bool(circles)
        print(f"{source}: {len(graph)} files, {sum(map(len, graph.values()))} dependencies, {len(circles)} circles")
    sys.exit(failed)


class Crate:
    def __init__(self, source: Path) -> None:
        paths = [path for path in sorted(source.rglob("*.rs")) if path.name != "tests.rs"]
        self.sources = {module_of(path.relative_to(source)): text_of(path) for path in paths}

    def graph(self) -> Graph:
        graph = {module: self.needed_by(module) for module in self.sources}
        graph.pop("")  # The root only lists the modules.
        return graph

    def needed_by(self, module: str) -> set[str]:
        found = {self.definition(path) for path in self.paths(module)}
        return {other for other in found if other is not None and other not in ("", module)}

    def paths(self, module: str) -> Iterator[list[str]]:
        """What a file names inside the crate, except for what it only re-exports from its children."""
        text = self.sources[module]
        without_uses = re.sub(rf"^\s*(?:{PUBLIC})?use [^;]+;", "", text, flags=re.MULTILINE)
        for visibility, tree in re.findall(rf"^\s*({PUBLIC})?use ([^;]+);", text, re.MULTILINE):
            for path in expand(tree):
                resolved = self.absolute(path, module)
                if resolved is None:
                    continue
                is_only_listed = visibility and is_below(resolved, module)
                if not is_only_listed or re.search(rf"\b{re.escape(path[-1])}\b", without_uses):
                    yield resolved
        for name in re.findall(r"\b[a-z_]\w*(?:::\w+)+", without_uses):
            resolved = self.absolute(name.split("::"), module)
            if resolved is not None:
                yield resolved

    def definition(self, path: list[str], seen: frozenset[str] = frozenset()) -> str | None:
        """The file that defines the item at this path of the crate."""
        for cut in range(len(path), -1, -1):
            module, rest = "::".join(path[:cut]), path[cut:]
            if module not in self.sources:
                continue
            if rest and module not in seen:
                for target in self.re_exports(module):
                    if target[-1] == rest[0]:
                        return self.definition(target, seen | {module})
            return module
        return None

    def re_exports(self, module: str) -> Iterator[list[str]]:
        for tree in re.findall(rf"^\s*{PUBLIC}use ([^;]+);", self.sources[module], re.MULTILINE):
            for path in expand(tree):
                resolved = self.absolute(path, module)
                if resolved is not None:
                    yield resolved

    def absolute(self, path: list[str], module: str) -> list[str] | None:
        """The path from the crate's root; `None` for one into another crate."""
        here = module.split("::") if module else []
        if path[0] == "crate":
            return path[1:]
        if path[0] == "self":
            return here + path[1:]
        if path[0] == "super":
            return here[:-1] + path[1:]
        return here + path if "::".join([*here, path[0]]) in self.sources else None


def module_of(path: Path) -> str:
    parts = list(path.with_suffix("").parts)
    if parts[-1] in ("mod", "lib"):
        parts.pop()
    return "::".join(parts)


def text_of(path: Path) -> str:
    text = re.sub(r"//.*$", "", path.read_text("utf-8"), flags=re.MULTILINE)
    return text.split("#[cfg(test)]")[0]


def is_below(path: list[str], module: str) -> bool:
    here = module.split("::") if module else []
    return path[: len(here)] == here


def expand(tree: str) -> Iterator[list[str]]:
    """The paths of a use tree: `a::{b, c::d}` has two."""
    tree = " ".join(tree.split())
    brace = tree.find("{")
    if brace < 0:
        yield re.sub(r" as \w+$", "", tree).split("::")
        return
    prefix, inside = tree[:brace], tree[brace + 1 : tree.rindex("}")]
    depth, start = 0, 0
    for at, character in enumerate([*inside, ","]):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "," and depth == 0:
            part = inside[start:at].strip()
            start = at + 1
            if part:
                yield from expand(prefix + part)


def components(graph: Graph) -> list[set[str]]:
    """The strongly connected components (Tarjan)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[set[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph[node]):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            at = stack.index(node)
            found.append(set(stack[at:]))
            del stack[at:]

    for node in graph:
        if node not in index:
            visit(node)
    return found


if __name__ == "__main__":
    main(sys.argv[1:])

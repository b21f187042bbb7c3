"""The tree of categories as one value."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from faka.contexts.catalog.errors import CategoryNotFound
from faka.contexts.catalog.texts import Handle, Name, Position
from faka.kernel.limits import CATEGORY_DEPTH_MAX
from faka.kernel.model import Frozen


class Category(Frozen):
    """A node of the tree. Its id is its address and never changes; name, parent and position may."""

    id: Handle
    parent: Handle | None = None
    name: Name
    position: Position = 0


class CategoryTree(Frozen):
    """All categories as one value, so that moving a subtree is one write. `policy.lawful` says which trees may be stored."""

    categories: tuple[Category, ...] = ()
    version: Annotated[int, Field(strict=True, ge=0)] = 0

    def get(self, category: str) -> Category:
        """Raises: CategoryNotFound."""
        for node in self.categories:
            if node.id == category:
                return node
        raise CategoryNotFound(category)

    def __contains__(self, category: object) -> bool:
        return any(node.id == category for node in self.categories)

    def children(self, parent: str | None) -> tuple[Category, ...]:
        """The nodes directly below, in the shop's order; None asks for the top level."""
        found = [node for node in self.categories if node.parent == parent]
        return tuple(sorted(found, key=lambda node: (node.position, node.id)))

    def path(self, category: str) -> tuple[Category, ...]:
        """From the top level down to the category itself. Raises: CategoryNotFound."""
        nodes = [self.get(category)]
        while nodes[-1].parent is not None and len(nodes) <= CATEGORY_DEPTH_MAX:
            nodes.append(self.get(nodes[-1].parent))
        return tuple(reversed(nodes))

    def subtree(self, category: str) -> frozenset[str]:
        """The ids of a category and of everything below it. Raises: CategoryNotFound."""
        found = {self.get(category).id}
        level = set(found)
        while level:
            level = {node.id for node in self.categories if node.parent in level} - found
            found |= level
        return frozenset(found)

    def walk(self, parent: str | None = None, depth: int = 0) -> Iterator[tuple[int, Category]]:
        """Every node with its depth, parents before children, for menus."""
        for node in self.children(parent):
            yield depth, node
            if depth < CATEGORY_DEPTH_MAX:
                yield from self.walk(node.id, depth + 1)

"""A value computed once per object, without the lock that `functools.cached_property` takes on 3.11."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class lazy(Generic[T]):  # noqa: N801 - used like `property`
    """A property computed at its first use; the object then holds the value itself.

    A `Picture` lives within one call and one thread, so no lock is needed.
    """

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> "lazy[T]": ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> "T | lazy[T]":
        """The value, computed now and kept."""
        if instance is None:
            return self
        value = instance.__dict__[self._name] = self._compute(instance)
        return value

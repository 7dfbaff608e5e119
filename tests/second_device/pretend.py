"""A device that computes on the CPU and refuses what a GPU refuses: `pretend:0`.

Its tensors do not mix with those of the CPU, give no NumPy arrays and draw from no generator of the CPU, so code that
forgets where its tensors lie fails here as it would on a GPU. It also counts how often the host would have to wait for
the GPU. PyTorch lets one backend be written in Python (`PrivateUse1`); registering it is for the whole process, and has
to come before the first backward pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.backend_registration import _DummyBackendModule, _setup_privateuseone_for_python_backend

NAME = "pretend"
COPIES = ("copy_", "_to_copy")
INDEXING = ("index", "index_put_", "_index_put_impl_")  # a GPU takes indices from the CPU
READ_BY_HOST = ("_local_scalar_dense", "equal", "nonzero", "masked_select", "_ctc_loss")
NOT_DENSE = ("sparse", "quantized", "cudnn", "mkldnn", "nested", "from_file", "dep_token")

waits = 0
_library: torch.library.Library | None = None


class Pretended(torch.Tensor):
    """A tensor on the device; `inside` has its values, on the CPU."""

    inside: torch.Tensor
    __torch_function__: Any = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, inside: torch.Tensor) -> Pretended:
        outside: Pretended = torch.Tensor._make_wrapper_subclass(
            cls,
            inside.shape,
            strides=inside.stride(),
            storage_offset=inside.storage_offset(),
            dtype=inside.dtype,
            device=torch.device(NAME, 0),
        )
        outside.inside = inside
        return outside

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, operator: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = operator._schema.name.removeprefix("aten::")
        _refuse_mixtures(name, [*tree_leaves(args), *tree_leaves(kwargs)])
        _count_waits(name, args, kwargs)
        with torch.inference_mode(False):  # PyTorch cannot make a view of a wrapper in it
            result = operator(*tree_map(_inside, args), **tree_map(_inside, kwargs))
            if torch.device(kwargs.get("device") or NAME).type != NAME:
                return result
            return return_and_correct_aliasing(operator, args, kwargs, tree_map(_outside, result))

    def __repr__(self, **_: Any) -> str:  # type: ignore[override]
        return f"{self.inside!r} on {NAME}"

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            copied = Pretended(self.inside.clone()).requires_grad_(self.requires_grad)
            if isinstance(self, nn.Parameter):
                copied._is_param = True
            memo[id(self)] = copied
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> Any:
        """A file holds it as a tensor of the CPU, as `map_location` would have it."""
        return self.inside.__reduce_ex__(protocol)

    def data_ptr(self) -> int:
        return self.inside.data_ptr()

    def tolist(self) -> Any:
        _wait()
        return self.inside.tolist()


def _inside(value: Any) -> Any:
    if isinstance(value, torch.device) and value.type == NAME:
        return torch.device("cpu")
    return value.inside if isinstance(value, Pretended) else value


def _outside(value: Any) -> Any:
    return Pretended(value) if isinstance(value, torch.Tensor) and not isinstance(value, Pretended) else value


def _elsewhere(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and not isinstance(value, Pretended)


def _refuse_mixtures(name: str, values: list[Any]) -> None:
    """As on a GPU: a number may come from the CPU, a tensor not, and draws are made by the device's generator."""
    if any(isinstance(value, torch.Generator) for value in values):
        raise RuntimeError(f"{name}: a generator of the CPU, but a tensor of {NAME}")
    strangers = [tuple(value.shape) for value in values if _elsewhere(value) and value.dim() > 0]
    if strangers and name not in (*COPIES, *INDEXING):
        raise RuntimeError(f"{name}: a tensor {strangers[0]} of the CPU among those of {NAME}")


def _wait() -> None:
    global waits
    waits += 1


def _count_waits(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Operations for which the host has to wait until the device has finished."""
    to_host = torch.device(kwargs.get("device") or NAME).type == "cpu"
    blocking = name == "copy_" and not (args[2:] and args[2]) and any(map(_elsewhere, args[:2]))
    by_mask = name in INDEXING and any(i is not None and i.dtype in (torch.bool, torch.uint8) for i in args[1])
    if name in READ_BY_HOST or to_host or blocking or by_mask:
        _wait()


class _Module(_DummyBackendModule):
    """The functions of `torch.pretend`."""

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.bfloat16]


def _factories() -> Iterator[tuple[str, Callable[..., torch.Tensor]]]:
    """Operators that make a tensor of none, such as `zeros`: no tensor says on which device, so each is registered."""
    for full in torch._C._dispatch_get_all_op_names():
        name, _, overload = full.removeprefix("aten::").partition(".")
        if not full.startswith("aten::") or any(word in name for word in NOT_DENSE):
            continue
        operator = getattr(getattr(torch.ops.aten, name), overload or "default", None)
        if operator is None:
            continue
        kinds = [str(argument.type) for argument in operator._schema.arguments]
        names = [argument.name for argument in operator._schema.arguments]
        if "device" in names and not any("Tensor" in kind for kind in kinds):
            yield full.removeprefix("aten::"), operator


def _made(operator: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    def kernel(*args: Any, **kwargs: Any) -> torch.Tensor:
        _refuse_mixtures(str(operator), [*args, *kwargs.values()])
        return Pretended(operator(*args, **(kwargs | {"device": "cpu", "pin_memory": False})))

    return kernel


def _copied(source: torch.Tensor, destination: Pretended, non_blocking: bool = False) -> Pretended:
    """`torch.tensor(..., device=...)` and `new_tensor` come by here: numbers of the host, which waits."""
    _wait()
    destination.inside.copy_(_inside(source))
    return destination


def register() -> None:
    """Make the device known to PyTorch."""
    global _library
    if _library is not None:
        return
    _setup_privateuseone_for_python_backend(NAME, backend_module=_Module())
    torch.__future__.set_swap_module_params_on_conversion(True)  # a module's parameters change their class on the way
    _library = torch.library.Library("aten", "IMPL")
    for name, operator in _factories():
        _library.impl(name, _made(operator), "PrivateUse1")
    _library.impl("_copy_from", _copied, "PrivateUse1")

"""A stage of `torch.distributed.pipelining` whose messages to its neighbours are compressed.

A `PipelineStage` sends the tensors that its module returns, and their gradients, as they are. Here the point-to-point
operations that it hands to the schedule send and receive packed messages instead, in buffers of bytes whose size both
ends know from the formula. All else is the library's: the schedule, and the forward and backward of a micro-batch.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import distributed
from torch.distributed.pipelining import PipelineStage

from benchmark.pipeline.part import Part
from benchmark.toolbox.compressed_channel import Channel
from benchmark.toolbox.lossy_codes import Message
from benchmark.toolbox.pipeline_cuts import Cut, CutSettings
from benchmark.training.precision import wait_for_gpu


class CompressedStage(PipelineStage):
    """One stage, with the ends of the cuts beside it.

    Attributes:
        sent: bytes that this stage has handed to the network, by `activations` and `gradients`.
        seconds: what it has computed for, by `computing` and, as a part of that, `coding`; without waiting for others.
    """

    def __init__(self, part: Part, index: int, settings: CutSettings, device: torch.device) -> None:
        super().__init__(part, index, settings.stages, device)
        self.part = part
        self.before = Cut(settings) if index > 0 else None
        self.behind = Cut(settings) if index < settings.stages - 1 else None
        self.sent: Counter[str] = Counter()
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._arriving: dict[tuple[str, int], torch.Tensor] = {}
        self._departing: list[torch.Tensor] = []  # until a step ends, so that no buffer goes before it is sent

    def get_fwd_recv_ops(self, fwd_chunk_id: int) -> list[distributed.P2POp]:
        """Receive the message of the activations before this stage."""
        if self.before is None:
            return []
        return self._receive("activations", self.before.activations, fwd_chunk_id, self.stage_index - 1)

    def get_fwd_send_ops(self, fwd_chunk_id: int) -> list[distributed.P2POp]:
        """Send the message of the activations behind this stage."""
        if self.behind is None:
            return []
        (hidden,), _ = self.fwd_cache[fwd_chunk_id]
        return self._send("activations", self.behind.activations, hidden, fwd_chunk_id, self.stage_index + 1)

    def get_bwd_recv_ops(self, bwd_chunk_id: int) -> list[distributed.P2POp]:
        """Receive the message of the gradients behind this stage."""
        if self.behind is None:
            return []
        return self._receive("gradients", self.behind.gradients, bwd_chunk_id, self.stage_index + 1)

    def get_bwd_send_ops(self, bwd_chunk_id: int) -> list[distributed.P2POp]:
        """Send the message of the gradients before this stage."""
        gradients = self.bwd_cache.pop(bwd_chunk_id)
        if self.before is None:
            return []
        gradient = gradients[0]  # that of the hidden states
        assert gradient is not None
        return self._send("gradients", self.before.gradients, gradient, bwd_chunk_id, self.stage_index - 1)

    def forward_one_chunk(self, *args: Any, **options: Any) -> Any:
        """The library's, timed."""
        with self.timed("computing"):
            return super().forward_one_chunk(*args, **options)

    def backward_one_chunk(self, *args: Any, **options: Any) -> None:
        """The library's, timed."""
        with self.timed("computing"):
            super().backward_one_chunk(*args, **options)

    def clear_runtime_states(self) -> None:
        """Forget the last step."""
        super().clear_runtime_states()
        self._departing.clear()

    def _send(
        self, kind: str, channel: Channel, values: torch.Tensor, number: int, stage: int
    ) -> list[distributed.P2POp]:
        utterances = self.part.batches[number].utterances
        with self.timed("computing", "coding"), torch.no_grad():
            message = channel.send(values, utterances)
            channel.receive(message, utterances)  # as the other end will, so that both remember the same
            data = message.to_bytes()
        self._departing.append(data)
        self.sent[kind] += data.numel() * data.element_size()
        return [distributed.P2POp(distributed.isend, data, stage)]

    def _receive(self, kind: str, channel: Channel, number: int, stage: int) -> list[distributed.P2POp]:
        size = channel.code_for(self.part.batches[number].utterances).bytes(self.part.shape(number))
        data = torch.empty(size, dtype=torch.uint8, device=self.device)
        self._arriving[kind, number] = data
        return [distributed.P2POp(distributed.irecv, data, stage)]

    def _received(self, kind: str, channel: Channel, number: int) -> torch.Tensor:
        utterances = self.part.batches[number].utterances
        with self.timed("coding"), torch.no_grad():
            data = self._arriving.pop((kind, number))
            message = Message.from_bytes(channel.code_for(utterances), data, self.part.shape(number))
            return channel.receive(message, utterances)

    @contextmanager
    def timed(self, *names: str) -> Iterator[None]:
        """Add the time of the block to these `seconds`."""
        wait_for_gpu()
        start = time.perf_counter()
        yield
        wait_for_gpu()
        for name in names:
            self.seconds[name] += time.perf_counter() - start

    # Below, what the library asks its own stage for between these steps.

    def _retrieve_recv_activations(self, fwd_chunk_id: int) -> tuple[torch.Tensor, ...]:
        assert self.before is not None
        return (self._received("activations", self.before.activations, fwd_chunk_id).requires_grad_(),)

    def _retrieve_recv_grads(self, bwd_chunk_id: int) -> tuple[torch.Tensor, ...]:
        assert self.behind is not None
        return (self._received("gradients", self.behind.gradients, bwd_chunk_id),)

    def _prepare_forward_infra(self, num_microbatches: int, args: Any, kwargs: Any = None) -> tuple[Any, ...]:
        return ()  # no buffers: the shapes of speech change with every batch

    def _prepare_backward_infra(self, num_microbatches: int) -> None:
        self.chunks = num_microbatches

    def _validate_fwd_input(self, args: Any, kwargs: Any) -> None: ...

    def _validate_fwd_outputs(self, outputs: tuple[torch.Tensor, ...]) -> None: ...

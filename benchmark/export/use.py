"""How an exported folder is used, as its model card says it."""

from __future__ import annotations

PLAIN = """```python
import soundfile
import torch
from transformers import AutoModelForCTC, AutoProcessor

processor = AutoProcessor.from_pretrained("FOLDER")
model = AutoModelForCTC.from_pretrained("FOLDER")
audio, rate = soundfile.read("speech.wav")  # 16 kHz, mono
inputs = processor(audio, sampling_rate=rate, return_tensors="pt")
with torch.inference_mode():
    logits = model(**inputs).logits
print(processor.batch_decode(logits.argmax(-1))[0])
```"""
OURS = """With pinchbench installed:

```python
from benchmark.models.checkpoints import load

ctc = load("FOLDER")  # ctc.model is a transformers model with other layers, ctc.tokenizer its letters
```

`config.json` names the shape of every layer in `layer_shapes`; `AutoModelForCTC.from_pretrained` refuses the folder,
which has no `model.safetensors`."""
ONNX = """`model.onnx` takes what the processor makes, `input_values` (batch, samples) and, where the model wants
it, `attention_mask` (batch, samples), and gives `logits` (batch, frames, vocabulary):

```python
import onnxruntime
import soundfile
from transformers import AutoProcessor

processor = AutoProcessor.from_pretrained("FOLDER")
session = onnxruntime.InferenceSession("FOLDER/model.onnx")
audio, rate = soundfile.read("speech.wav")  # 16 kHz, mono
inputs = processor(audio, sampling_rate=rate, return_tensors="np")
(logits,) = session.run(None, dict(inputs))
print(processor.batch_decode(logits.argmax(-1))[0])
```"""
COMMAND = "`python -m benchmark transcribe FOLDER AUDIO...` transcribes files and folders, of 4 to 192 kHz."


def how_to_use(plain: bool, onnx: bool) -> str:
    """Markdown: Python for what loads the folder, and the command line."""
    parts = [PLAIN if plain else OURS, *([ONNX] if onnx else []), COMMAND]
    return "\n\n".join(parts)

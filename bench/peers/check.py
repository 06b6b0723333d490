"""The peers compute what they claim: the chunked scan against the sequential one, with gradients, and the model against
recorded logits and gradients of the published implementation."""
import json
import os
import struct
import sys

import torch
import torch.nn.functional as F

import models
import scan


def safetensors(path):
    with open(path, "rb") as file:
        data = file.read()
    size = struct.unpack("<Q", data[:8])[0]
    kinds = {"F32": torch.float32, "I64": torch.int64, "I32": torch.int32}
    return {name: torch.frombuffer(bytearray(data[8 + size + t["data_offsets"][0]:8 + size + t["data_offsets"][1]]),
                                   dtype=kinds[t["dtype"]]).reshape(t["shape"])
            for name, t in json.loads(data[8:8 + size]).items() if name != "__metadata__"}


def expect(what, actual, expected, tolerance):
    error = ((actual - expected).abs().max() / expected.abs().max()).item()
    print(f"{what}: {error:.1e} of the scale", file=sys.stderr)
    if not error <= tolerance:
        sys.exit(f"{what}: differs by {error:.1e}, more than {tolerance}")


def scans():
    make = torch.Generator().manual_seed(3)
    for length in (1, 14, 29, 197):
        x, delta = torch.randn(2, length, 24, generator=make), torch.rand(2, length, 24, generator=make)
        b, c = torch.randn(2, length, 16, generator=make), torch.randn(2, length, 16, generator=make)
        a, d = -torch.arange(1, 17.0).repeat(24, 1), torch.ones(24)
        results = []
        for run in (scan.sequential, scan.chunked):
            inputs = [t.clone().requires_grad_() for t in (x, delta, b, c)]
            y = run(inputs[0], inputs[1], a, inputs[2], inputs[3], d)
            y.mul(torch.linspace(-1, 1, y.numel()).view_as(y)).sum().backward()
            results.append([y.detach()] + [t.grad for t in inputs])
        for name, one, other in zip(("y", "dx", "ddelta", "db", "dc"), *results):
            expect(f"scan of {length} tokens, {name}", other, one, 1e-5)
        with torch.no_grad():
            expect(f"compiled scan of {length} tokens", scan.compiled(x, delta, a, b, c, d), results[0][0], 1e-5)


def recorded(folder):
    w = torch.load(os.path.join(folder, "prompt_tokenwise_odd.pth"), map_location="cpu")["model"]
    case = safetensors(os.path.join(folder, "prompt_tokenwise_odd.safetensors"))
    depth = sum(name.endswith("norm.weight") and name.startswith("layers.") for name in w)
    tuned = [n for n in w if n.startswith(("prompt", "head")) and "grad." + n in case]
    for name in tuned:
        w[name].requires_grad_()
    logits = models.vim(w, case["image"], depth, prompts=True, shared=depth)
    expect("recorded logits", logits.detach(), case["logits"], 1e-5)
    F.cross_entropy(logits, case["target"].long(), label_smoothing=0.1).backward()
    for name in tuned:
        # Rows of layers that this small model does not have stay without a gradient.
        expect(f"recorded gradient of {name}", w[name].grad, case["grad." + name], 1e-4)


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    scans()
    recorded(os.path.join(here, "..", "..", "tests", "fixtures", "model"))

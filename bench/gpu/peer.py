"""Vim-Small with prompts in PyTorch on a card with the published kernels: images a second as JSON, fp32 and TF32."""
import argparse
import json
import os
import statistics
import sys
import time

import torch
import torch.nn.functional as F

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
import models  # noqa: E402
import scan  # noqa: E402

DEPTH, DIM, CLASSES = 24, 384, 1000


def published():
    """The published scan and convolution with our shapes, (batch, length, inner)."""
    from causal_conv1d import causal_conv1d_fn
    from mamba_ssm.ops.selective_scan_interface import selective_scan_fn

    def run(x, delta, a, b, c, d):
        first = [t.transpose(1, 2).contiguous() for t in (x, delta, b, c)]
        return selective_scan_fn(first[0], first[1], a, first[2], first[3], d).transpose(1, 2)

    def convolution(x, weight, bias):
        return causal_conv1d_fn(x.transpose(1, 2), weight[:, 0], bias, activation="silu").transpose(1, 2)

    return run, convolution


def median(run, device, repeats=9):
    seconds = []
    for at in range(repeats + 2):
        start = time.perf_counter()
        run()
        if device == "cuda":
            torch.cuda.synchronize()
        if at >= 2:
            seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--batch", type=int, required=True)
    options.add_argument("--device", default="cuda", help="cpu runs our own chunked scan: a check of this script alone")
    options.add_argument("--depth", type=int, default=DEPTH)
    given = options.parse_args()
    if given.device == "cuda" and not torch.cuda.is_available():
        sys.exit("PyTorch finds no CUDA device")
    run = scan.chunked
    if given.device == "cuda":
        run, models.conv_silu = published()
    weights = {n: t.to(given.device) for n, t in models.vim_weights(DIM, given.depth, CLASSES).items()}
    tuned = [t.requires_grad_() for name, t in weights.items() if name.startswith(("prompt", "head"))]
    optimizer = torch.optim.AdamW(tuned, 1e-4)
    images = torch.randn(given.batch, 3, 224, 224, device=given.device)
    targets = torch.zeros(given.batch, dtype=torch.long, device=given.device)

    def forward():
        with torch.no_grad():
            models.vim(weights, images, given.depth, True, run=run)

    def step():
        optimizer.zero_grad(set_to_none=True)
        logits = models.vim(weights, images, given.depth, True, run=run)
        F.cross_entropy(logits, targets, label_smoothing=0.1).backward()
        optimizer.step()

    rows = []
    for precision in ("fp32", "tf32"):
        torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
        for name, work in (("forward", forward), ("svp_step", step)):
            rate = given.batch / median(work, given.device)
            rows.append({"what": f"peer {name} {precision}", "images_per_second": rate})
    json.dump(rows, sys.stdout)


if __name__ == "__main__":
    main()

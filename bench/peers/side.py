"""One round of the peers: seconds an image of each pass, the best of some repeats after one to warm up, as JSON."""
import argparse
import json
import sys
import time

import torch
import torch.nn.functional as F

import models
import scan

DEPTH, DIM, CLASSES = 24, 384, 1000


def best(run, repeats):
    run()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--batch", type=int, required=True)
    options.add_argument("--threads", type=int, required=True)
    options.add_argument("--repeats", type=int, default=2)
    options.add_argument("passes", nargs="+")
    given = options.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(1)
    images = torch.randn(given.batch, 3, 224, 224)
    weights, vit = models.vim_weights(DIM, DEPTH, CLASSES), models.vit_weights()
    tuned = [t.requires_grad_() for name, t in weights.items() if name.startswith(("prompt", "head"))]
    optimizer = torch.optim.AdamW(tuned, 1e-4)
    targets = torch.zeros(given.batch, dtype=torch.long)

    def forward(run):
        with torch.no_grad():
            models.vim(weights, images, DEPTH, False, run=run)

    def vit_forward():
        with torch.no_grad():
            models.vit(vit, images)

    def step():
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(models.vim(weights, images, DEPTH, True), targets, label_smoothing=0.1).backward()
        optimizer.step()

    known = {
        "forward chunked": lambda: forward(scan.chunked), "forward compiled": lambda: forward(scan.compiled),
        "forward sequential": lambda: forward(scan.sequential), "vit forward": vit_forward, "svp step": step,
    }
    json.dump({name: best(known[name], given.repeats) / given.batch for name in given.passes}, sys.stdout)


if __name__ == "__main__":
    main()

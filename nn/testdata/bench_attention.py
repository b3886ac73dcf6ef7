"""Times PyTorch's attention by its formula: what BenchmarkAttention measures.

    python3 bench_attention.py [threads]
"""
import sys
import time

import torch

torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 2)


def attention(q, k, v, causal):
    s = q @ k.transpose(2, 3) / q.shape[3] ** 0.5
    if causal:
        s = s.masked_fill(torch.ones(s.shape[2:], dtype=torch.bool).triu(1), float("-inf"))
    return torch.softmax(s, 3) @ v


def best(f, runs):
    f()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        f()
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2] * 1e3


for n in [128, 256, 1024, 4096]:
    x = [torch.randn(1, 8, n, 64, requires_grad=True) for _ in range(3)]
    dy = torch.randn(1, 8, n, 64)
    for causal in [False, True]:
        def forward():
            with torch.no_grad():
                attention(*x, causal)

        def step():
            torch.autograd.grad(attention(*x, causal), x, dy)

        runs = max(3, 4096 // n)
        print(f"{n}/pytorch/causal={str(causal).lower()}: forward {best(forward, runs):.2f} ms, with gradients {best(step, runs):.2f} ms", flush=True)

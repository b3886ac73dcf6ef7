#!/usr/bin/env python3
"""Seconds for a Fashion-MNIST epoch of LeNet-5: Hadal's recipe beside the same training in PyTorch, alternating.

An epoch is 54,000 training pictures in shuffled batches of 64 (SGD with momentum and weight decay, loss and accuracy
added up) and the evaluation of 6,000 more. Each measurement is a fresh process that runs two epochs; the second counts.

    apt-get install python3-torch libopenblas0-openmp dataset-fashion-mnist
    bench/lenet_epoch.py [--rounds 3] [--threads 1,2]
"""
import argparse, gzip, json, os, statistics, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DATA = "/usr/share/datasets/fashion-mnist"


def torch_epochs(threads):
    """Prints the seconds of the second epoch."""
    import numpy as np, torch
    from torch import nn
    import torch.nn.functional as F
    torch.set_num_threads(threads)
    idx = lambda name, header: np.frombuffer(gzip.open(f"{DATA}/{name}.gz").read(), np.uint8)[header:]
    x = torch.from_numpy(idx("train-images-idx3-ubyte", 16).reshape(-1, 1, 28, 28).astype(np.float32)) / 255
    y = torch.from_numpy(idx("train-labels-idx1-ubyte", 8).astype(np.int64))
    x = (x - x.mean()) / x.std()
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
    opt = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9, weight_decay=5e-4)
    for epoch in range(2):
        start = time.perf_counter()
        loss_sum = correct = 0.0
        for at in torch.randperm(54000).split(64):
            bx, by = x[at], y[at]
            opt.zero_grad(set_to_none=True)
            scores = model(bx)
            loss = F.cross_entropy(scores, by)
            loss.backward()
            opt.step()
            loss_sum += loss.item() * len(by)
            correct += (scores.argmax(1) == by).sum().item()
        with torch.no_grad():
            for at in range(54000, 60000, 256):
                scores = model(x[at:at + 256])
                F.cross_entropy(scores, y[at:at + 256]).item()
                (scores.argmax(1) == y[at:at + 256]).sum().item()
        seconds = time.perf_counter() - start
    print(seconds)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--threads", default="1,2")
    ap.add_argument("--torch", type=int, help=argparse.SUPPRESS)
    args = ap.parse_args()
    if args.torch:
        return torch_epochs(args.torch)
    if not os.path.isdir(DATA):
        sys.exit(f"no {DATA}; apt-get install dataset-fashion-mnist")
    with tempfile.TemporaryDirectory() as tmp:
        subprocess.run(["go", "build", "-o", f"{tmp}/hadal", "./cmd/hadal"], cwd=ROOT, check=True)

        def hadal(threads, round):
            run = f"{tmp}/run-{threads}-{round}"
            subprocess.run([f"{tmp}/hadal", "train", "lenet", "--data", "fashion-mnist", "--epochs", "2", "--shift", "0",
                            "--threads", str(threads), "--run-dir", run, "--json"], check=True, stdout=subprocess.DEVNULL)
            first, second = [json.loads(l)["seconds"] for l in open(f"{run}/metrics.jsonl") if '"epoch"' in l]
            return second - first

        def torch(threads, _):
            env = dict(os.environ, OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads),
                       LD_LIBRARY_PATH="/usr/lib/x86_64-linux-gnu/openblas-openmp", MALLOC_MMAP_THRESHOLD_="8589934592",
                       MALLOC_TRIM_THRESHOLD_="17179869184", MALLOC_TOP_PAD_="67108864")
            return float(subprocess.run(["/usr/bin/python3", os.path.abspath(__file__), "--torch", str(threads)], env=env, check=True, capture_output=True).stdout)

        print("threads    Hadal  PyTorch   PyTorch/Hadal   (medians, seconds an epoch)")
        for threads in map(int, args.threads.split(",")):
            h, t = zip(*[(hadal(threads, r), torch(threads, r)) for r in range(args.rounds)])
            h, t = statistics.median(h), statistics.median(t)
            print(f"{threads:7d} {h:8.2f} {t:8.2f} {t / h:15.2f}", flush=True)


main()

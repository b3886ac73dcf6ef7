"""Writes golden.json: metrics as scikit-learn, SciPy, NLTK and NumPy compute them.

Run: python3 golden.py (made with scikit-learn 1.2.1, SciPy 1.10.1, NLTK 3.8, NumPy 1.24.2)."""

import json
import warnings

import numpy as np
from nltk.metrics import edit_distance
from nltk.translate.bleu_score import SmoothingFunction, corpus_bleu
from scipy import linalg, signal, stats
from sklearn import metrics as sk
from sklearn.metrics.pairwise import polynomial_kernel, rbf_kernel
from sklearn.neighbors import KernelDensity

warnings.simplefilter("ignore")
rng = np.random.default_rng(7)
out = {}


def array(a):
    a = np.asarray(a)
    return {"shape": list(a.shape), "data": a.ravel().tolist()}


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


# Binary scores, many of them tied.
out["binary"] = []
for n, digits in [(6, 1), (41, 1), (41, 6), (200, 2)]:
    y = rng.integers(0, 2, n)
    y[:2] = 0, 1
    p = np.clip(np.round(0.3 * y + 0.7 * rng.random(n), digits), 0.01, 0.99)
    fpr, tpr, _ = sk.roc_curve(y, p, drop_intermediate=False)
    precision, recall, _ = sk.precision_recall_curve(y, p)
    out["binary"].append({
        "p": p.tolist(), "y": y.tolist(), "roc_auc": sk.roc_auc_score(y, p), "ap": sk.average_precision_score(y, p),
        "log_loss": sk.log_loss(y, p), "brier": sk.brier_score_loss(y, p), "fpr": fpr.tolist(), "tpr": tpr.tolist(),
        "precision": precision[::-1].tolist(), "recall": recall[::-1].tolist()})

# Several classes.
out["classes"] = []
for n, c in [(30, 3), (100, 5)]:
    y = rng.integers(0, c, n)
    y[:c] = range(c)
    p = softmax(np.round(rng.normal(size=(n, c)) + np.eye(c)[y], 1))
    confidence, correct = p.max(1), p.argmax(1) == y
    bins = np.clip(np.digitize(confidence, np.linspace(0, 1, 11), right=True) - 1, 0, 9)
    gaps = [abs(correct[bins == b].mean() - confidence[bins == b].mean()) for b in range(10) if (bins == b).any()]
    shares = [(bins == b).mean() for b in range(10) if (bins == b).any()]
    k = p.argmax(1)
    iou = sk.jaccard_score(y, k, average=None)
    marginal = p.mean(0)
    out["classes"].append({
        "p": array(p), "y": y.tolist(),
        "roc_macro": sk.roc_auc_score(y, p, multi_class="ovr"), "roc_weighted": sk.roc_auc_score(y, p, multi_class="ovr", average="weighted"),
        "ap": [sk.average_precision_score(y == j, p[:, j]) for j in range(c)],
        "log_loss": sk.log_loss(y, p), "brier": float(((p - np.eye(c)[y]) ** 2).sum(1).mean()),
        "ece": float(np.dot(gaps, shares)), "mce": float(max(gaps)),
        "iou": iou.tolist(), "dice": sk.f1_score(y, k, average=None).tolist(), "balanced": sk.balanced_accuracy_score(y, k),
        "fwiou": float(np.dot(iou, np.bincount(y) / n)),
        "is": float(np.exp((p * np.log(p / marginal)).sum(1).mean()))})

# Regression and correlation; the second with ties.
out["pairs"] = []
for n, digits in [(25, 8), (60, 0)]:
    y = np.round(rng.normal(5, 2, n), digits)
    y[y == 0] = 1
    x = np.round(y + rng.normal(0, 1.5, n), digits)
    out["pairs"].append({
        "x": x.tolist(), "y": y.tolist(), "mse": sk.mean_squared_error(y, x), "mae": sk.mean_absolute_error(y, x), "r2": sk.r2_score(y, x),
        "mape": sk.mean_absolute_percentage_error(y, x), "pearson": stats.pearsonr(x, y)[0], "spearman": stats.spearmanr(x, y)[0],
        "kendall": stats.kendalltau(x, y)[0]})

# Sentences.
words = "the a cat dog sat on mat ran in park".split()
hyps, refs = [], []
for _ in range(8):
    base = [words[i] for i in rng.integers(0, len(words), rng.integers(5, 12))]
    hyps.append(base)
    refs.append([[w if rng.random() < 0.8 else "rug" for w in base if rng.random() < 0.9] + ["!"] * k for k in range(2)])
s = SmoothingFunction()
out["bleu"] = {
    "hyps": hyps, "refs": refs, "corpus": corpus_bleu(refs, hyps), "order2": corpus_bleu(refs, hyps, (0.5, 0.5)),
    "sentences": [{"none": corpus_bleu([r], [h], smoothing_function=s.method0), "floor": corpus_bleu([r], [h], smoothing_function=s.method1),
                   "add": corpus_bleu([r], [h], smoothing_function=s.method2), "exp": corpus_bleu([r], [h], smoothing_function=s.method3)}
                  for h, r in zip(hyps, refs)],
    "edits": [edit_distance(r[0], h) for h, r in zip(hyps, refs)]}

# Images.
a = np.round(rng.random((2, 13, 16)) * 255)
b = np.clip(np.round(a + rng.normal(0, 20, a.shape)), 0, 255)
g = np.exp(-((np.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
g = np.outer(g, g) / g.sum() ** 2


def ssim(x, y):
    f = lambda z: signal.convolve2d(z, g, mode="valid")
    mx, my = f(x), f(y)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    vx, vy, cov = f(x * x) - mx**2, f(y * y) - my**2, f(x * y) - mx * my
    return ((2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))).mean()


out["images"] = {"a": array(a), "b": array(b), "ssim": [ssim(x, y) for x, y in zip(a, b)],
                 "psnr": float(10 * np.log10(255**2 / ((a - b) ** 2).mean()))}

# Features: the second pair has fewer samples than dimensions.
out["features"] = []
for n, m, d in [(20, 30, 3), (4, 5, 6)]:
    x, y = rng.normal(size=(n, d)), rng.normal(0.5, 1.5, size=(m, d))
    cx, cy = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    # Of singular matrices sqrtm is right to few digits alone; the eigenvalues of the product are not negative.
    roots = np.sqrt(np.maximum(np.linalg.eigvals(cx @ cy).real, 0)).sum() if n <= d else np.trace(linalg.sqrtm(cx @ cy)).real
    fid = ((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(cx + cy) - 2 * roots

    def mmd(k):
        kx, ky = k(x, x), k(y, y)
        np.fill_diagonal(kx, 0)
        np.fill_diagonal(ky, 0)
        return kx.sum() / (n * (n - 1)) + ky.sum() / (m * (m - 1)) - 2 * k(x, y).mean()

    out["features"].append({
        "x": array(x), "y": array(y), "fid": float(fid), "poly": mmd(lambda u, v: polynomial_kernel(u, v, 3, 1 / d, 1)),
        "rbf": mmd(lambda u, v: rbf_kernel(u, v, 1 / (2 * 1.3**2)) + rbf_kernel(u, v, 1 / (2 * 0.4**2))),
        "parzen": KernelDensity(bandwidth=0.6).fit(x).score_samples(y).tolist()})

# Rankings with grades.
out["ranking"] = []
for k in [1, 3, 10]:
    gains, scores = rng.integers(0, 4, 12).astype(float), rng.permutation(12).astype(float)
    out["ranking"].append({"k": k, "gains": gains.tolist(), "scores": scores.tolist(), "ndcg": sk.ndcg_score([gains], [scores], k=k)})

# Intervals.
returns = rng.normal(10, 3, 7)
t = stats.t.interval(0.9, 6, returns.mean(), stats.sem(returns))
out["returns"] = {"x": returns.tolist(), "low": t[0], "high": t[1]}
out["wilson"] = []
for k, n in [(0, 5), (5, 5), (7, 20), (450, 1000)]:
    ci = stats.binomtest(k, n).proportion_ci(0.95, "wilson")
    out["wilson"].append({"k": k, "n": n, "low": ci.low, "high": ci.high})

with open("golden.json", "w") as f:
    json.dump(out, f, separators=(",", ":"))
    f.write("\n")

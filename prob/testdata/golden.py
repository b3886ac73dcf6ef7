"""Writes golden.json: log-probabilities, moments, entropies and divergences of torch.distributions in float64.

    python3 golden.py      (PyTorch 1.13)

Each case has the family, its parameters, values x, log_prob(x), mean, variance, entropy (null without closed form), and the
gradients of sum(cos(i) log_prob) + sum(cos(i) entropy) by the parameters and of sum(cos(i) log_prob) by x (null for discrete
x). kl has pairs with the divergence and the gradients of sum(cos(i) kl) by the parameters of both.
"""
import json
import math
import os

import torch
import torch.distributions as D

torch.set_default_dtype(torch.float64)
torch.manual_seed(7)


def number(v):
    return v if math.isfinite(v) else str(v)


def array(t):
    return {"shape": list(t.shape), "data": [number(v) for v in t.detach().flatten().tolist()]}


def weigh(t):
    return (torch.cos(torch.arange(t.numel(), dtype=torch.float64)).reshape(t.shape) * t).sum()


def P(*v):
    return torch.tensor(v)


def lower(*shape):
    m = torch.randn(*shape)
    return torch.tril(m, -1) + torch.diag_embed(torch.rand(shape[:-1]) + 0.5)


families = {  # name: constructor
    "normal": D.Normal, "log_normal": D.LogNormal, "uniform": lambda a, b: D.Uniform(a, b, validate_args=False), "laplace": D.Laplace, "gumbel": D.Gumbel, "cauchy": D.Cauchy,
    "exponential": lambda r: D.Exponential(r, validate_args=False), "gamma": lambda a, r: D.Gamma(a, r, validate_args=False), "student_t": D.StudentT,
    "beta": D.Beta, "dirichlet": D.Dirichlet, "bernoulli": D.Bernoulli, "bernoulli_logits": lambda l: D.Bernoulli(logits=l),
    "geometric": D.Geometric, "poisson": D.Poisson, "binomial": lambda n, p: D.Binomial(n, p), "categorical": D.Categorical,
    "categorical_logits": lambda l: D.Categorical(logits=l), "one_hot": D.OneHotCategorical, "chi_squared": D.Chi2,
    "multivariate_normal": lambda m, l: D.MultivariateNormal(m, scale_tril=torch.tril(l)),
    "covariance": lambda m, c: D.MultivariateNormal(m, c),
    "mixture": lambda w, m, s: D.MixtureSameFamily(D.Categorical(w), D.Normal(m, s)),
    "tanh_normal": lambda m, s: D.TransformedDistribution(D.Normal(m, s), [D.TanhTransform()]),
    "logit_normal": lambda m, s: D.TransformedDistribution(D.Normal(m, s), [D.SigmoidTransform(), D.AffineTransform(1.0, -2.0)]),
    "softplus_laplace": lambda m, s: D.TransformedDistribution(D.Laplace(m, s), [D.transforms.SoftplusTransform()]),
    "independent": lambda m, s: D.Independent(D.Normal(m, s), 1),
}
C = lambda *x: torch.tensor(x)
real = C(-2.5, -0.3, 0.0, 0.7, 4.0)
pos = C(1e-3, 0.2, 1.0, 2.5, 30.0)
unit = C(1e-3, 0.1, 0.5, 0.8, 0.999)
count = C(0.0, 1.0, 2.0, 5.0, 11.0)
cases, kls = [], []


def case(name, params, x, grad_x=True, fixed=(), grads=True):
    ps = [p.clone().requires_grad_(i not in fixed) for i, p in enumerate(params)]
    d = families[name](*ps)
    x = x.clone().requires_grad_(grad_x)
    lp = d.log_prob(x)
    total = weigh(lp)
    gx = torch.autograd.grad(total, x, retain_graph=True)[0] if grad_x and total.requires_grad else None
    try:
        e = d.entropy()
        total = total + weigh(e)
    except NotImplementedError:
        e = None
    try:
        mean, var = d.mean, d.variance
    except (NotImplementedError, AttributeError):
        mean = var = None
    it = iter(torch.autograd.grad(total, [p for p in ps if p.requires_grad], allow_unused=True))
    gs = [None for p in ps] if not grads else [array(g) if p.requires_grad and (g := next(it)) is not None else None for p in ps]
    cases.append({"family": name, "params": [array(p) for p in params], "x": array(x), "log_prob": array(lp), "entropy": array(e) if e is not None else None,
                  "mean": array(mean) if mean is not None else None, "variance": array(var) if var is not None else None, "grads": gs, "dx": array(gx) if gx is not None else None})


def kl(name, p, q, other=None):
    ps, qs = [t.clone().requires_grad_() for t in p], [t.clone().requires_grad_() for t in q]
    v = D.kl_divergence(families[name](*ps), families[other or name](*qs))
    grads = torch.autograd.grad(weigh(v), ps + qs, allow_unused=True)
    kls.append({"p": name, "q": other or name, "params": [array(t) for t in p + q], "split": len(p), "kl": array(v), "grads": [array(g) if g is not None else None for g in grads]})


for loc, scale in [(P(0.3), P(1.7)), (P(0.0, -2.0, 1.0, 5.0, 0.1), P(1.0, 0.3, 2.0, 10.0, 0.01)), (torch.tensor(0.5), P(0.5, 1.0, 2.0, 3.0, 4.0))]:
    for f in ["normal", "laplace", "gumbel", "cauchy"]:
        case(f, [loc, scale], real)
    case("log_normal", [loc, scale], pos)
    case("tanh_normal", [loc, scale], C(-0.99, -0.5, 0.0, 0.3, 0.9))
    case("logit_normal", [loc, scale], C(-0.99, -0.5, 0.1, 0.3, 0.9))
    case("softplus_laplace", [loc, scale], pos)
    case("student_t", [P(3.5), loc, scale], real)
    case("student_t", [P(0.7), loc, scale], real)
    case("student_t", [P(1.5), loc, scale], real)
# Where the log-probability is -inf PyTorch has the gradient of ln(high - low); there is none.
case("uniform", [P(-1.0), P(2.0)], real, False, grads=False)
case("uniform", [P(-1.0), P(2.0)], C(-1.0, -0.3, 1.9), False)
case("uniform", [P(-3.0, -1.0, -1.0, 0.5, 1.0), P(2.0, 1.0, 0.5, 0.9, 9.0)], real, False)
for r in [P(1.0), P(0.3, 1.0, 2.0, 5.0, 0.01)]:
    case("exponential", [r], pos)
    case("poisson", [r], count, False)
    for a in [P(1.0), P(0.05), P(0.5, 1.0, 2.0, 20.0, 300.0)]:
        case("gamma", [a, r], pos)
        case("beta", [a, r], unit)
case("chi_squared", [P(0.5, 1.0, 2.0, 5.0, 40.0)], pos)
for p in [P(0.3), P(0.01, 0.25, 0.5, 0.9, 0.999)]:
    case("bernoulli", [p], C(0.0, 1.0, 1.0, 0.0, 1.0), False)
    case("bernoulli_logits", [(p * 9 - 3)], C(0.0, 1.0, 1.0, 0.0, 1.0), False)
    case("geometric", [p], count, False)
    case("binomial", [P(12.0), p], count, False, fixed=(0,))
w = torch.rand(3, 4) + 0.1
case("categorical", [w], torch.tensor([0, 3, 2]), False)
case("categorical", [w], torch.tensor([[1, 1, 1], [0, 2, 3]]), False)
case("categorical_logits", [torch.randn(3, 4) * 3], torch.tensor([0, 3, 2]), False)
case("one_hot", [w], torch.eye(4)[[0, 3, 2]], False)
case("dirichlet", [w * 3], torch.softmax(torch.randn(3, 4), -1))
case("dirichlet", [P(0.5, 1.0, 7.0)], torch.softmax(torch.randn(2, 3), -1))
L = lower(2, 3, 3)
case("multivariate_normal", [torch.randn(2, 3), L], torch.randn(2, 3))
case("multivariate_normal", [torch.randn(3), L], torch.randn(4, 2, 3))
case("multivariate_normal", [torch.randn(1), lower(1, 1)], torch.randn(5, 1))
case("covariance", [torch.randn(3), L @ L.mT], torch.randn(2, 3))
case("mixture", [w, torch.randn(3, 4), torch.rand(3, 4) + 0.2], torch.randn(3))
case("mixture", [w, torch.randn(3, 4), torch.rand(3, 4) + 0.2], torch.randn(5, 3))
case("independent", [torch.randn(2, 3), torch.rand(2, 3) + 0.2], torch.randn(2, 3))

A, B = P(0.5, -1.0, 2.0), P(1.5, 0.2, 3.0)
a, b = P(0.3, 1.0, 2.0), P(1.2, 0.4, 2.5)
for f in ["normal", "log_normal", "laplace", "gumbel", "independent"]:
    kl(f, [A, a], [B, b])
kl("uniform", [P(0.0, 0.0, 1.0), P(1.0, 1.0, 2.0)], [P(-1.0, 0.5, 1.0), P(2.0, 2.0, 2.0)])
kl("uniform", [A, A + b], [B, b], "normal")
for f in ["gamma", "beta"]:
    kl(f, [a, b], [b, a * 2])
for f in ["exponential", "poisson"]:
    kl(f, [a], [b])
for f in ["bernoulli", "geometric"]:
    kl(f, [P(0.1, 0.5, 0.9)], [P(0.3, 0.2, 0.85)])
kl("bernoulli_logits", [A], [B])
kl("categorical", [w], [torch.rand(3, 4) + 0.1])
kl("one_hot", [w], [torch.rand(3, 4) + 0.1])
kl("dirichlet", [w * 3], [torch.rand(3, 4) + 0.1])
kl("multivariate_normal", [torch.randn(2, 3), L], [torch.randn(2, 3), lower(2, 3, 3)])
kl("multivariate_normal", [torch.randn(3), lower(3, 3)], [torch.randn(3), lower(3, 3)])
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.json"), "w") as f:
    json.dump({"cases": cases, "kl": kls}, f, separators=(",", ":"))
    f.write("\n")
print(len(cases), len(kls))

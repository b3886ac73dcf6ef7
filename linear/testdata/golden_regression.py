"""Writes golden_regression.json: what scikit-learn 1.2 makes of small data. Run it in this folder."""

import json
import warnings

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, Ridge, RidgeCV, enet_path
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures, StandardScaler

warnings.simplefilter("error")
r = np.random.RandomState(0)


def data(n, d):
    x = r.randn(n, d) * (1 + np.arange(d)) + 3
    return x, x[:, 0] - 2 * x[:, -1] + 5 + r.randn(n)


sets = {"tall": data(13, 4), "square": data(5, 5), "wide": data(5, 9), "one": data(7, 1)}
x, y = data(11, 3)
sets["twice"] = np.hstack([x, x[:, :1]]), y
sets["constant"] = np.hstack([x, np.full((11, 1), 0.1)]), y
sets["flat"] = x, np.full(11, 0.1)

golden = {"data": {k: {"x": x.tolist(), "y": y.tolist()} for k, (x, y) in sets.items()}, "models": [], "paths": [], "others": []}


def fit(kind, m, data, **options):
    x, y = sets[data]
    m.fit(x, y)
    golden["models"].append(dict(
        kind=kind, data=data, coef=m.coef_.tolist(), intercept=float(m.intercept_), predict=m.predict(x[:3] + 1).tolist(),
        score=m.score(x, y), no_intercept=not m.fit_intercept, rank=int(getattr(m, "rank_", 0)), singular=np.ravel(getattr(m, "singular_", [])).tolist(), **options))


for k in sets:
    for intercept in True, False:
        fit("linear", LinearRegression(fit_intercept=intercept), k)
        for a in 0.01, 1, 1000:
            fit("ridge", Ridge(alpha=a, fit_intercept=intercept, solver="svd"), k, alpha=a)
        for a in 0.01, 0.3, 100:
            if k == "flat":
                continue  # scikit-learn's scale is that of its stopping rule: it warns
            fit("lasso", Lasso(alpha=a, fit_intercept=intercept, tol=1e-13, max_iter=10**7), k, alpha=a)
            fit("elastic", ElasticNet(alpha=a, l1_ratio=0.3, fit_intercept=intercept, tol=1e-13, max_iter=10**7), k, alpha=a, ratio=0.3)

alphas = [0.1, 1, 10]
for k in "tall", "wide", "one", "constant":
    x, y = sets[k]
    for intercept in True, False:
        m = RidgeCV(alphas, store_cv_values=True, fit_intercept=intercept).fit(x, y)
        golden["paths"].append(dict(kind="loo", data=k, alphas=alphas, no_intercept=not intercept, squared=m.cv_values_.T.tolist()))
    for ratio in 1, 0.5:
        xc, yc = x - x.mean(0), y - y.mean()
        a, c, _ = enet_path(xc, yc, l1_ratio=ratio, eps=0.02, n_alphas=6, tol=1e-13, max_iter=10**7)
        golden["paths"].append(dict(kind="lasso", data=k, ratio=ratio, alphas=a.tolist(), coef=c.T.tolist()))


def other(kind, data, m, x, **options):
    golden["others"].append(dict(kind=kind, data=data, out=m.transform(x).tolist(), **options))


for k, (x, _) in sets.items():
    z = x[:3] + 1
    other("standard", k, StandardScaler().fit(x), z)
    other("minmax", k, MinMaxScaler((-1, 2)).fit(x), z)
    for degree, only, bias in (2, False, False), (3, False, True), (3, True, False), (1, False, True):
        if x.shape[1] > 4 and degree > 2:
            continue
        m = PolynomialFeatures(degree, interaction_only=only, include_bias=bias).fit(x)
        other("polynomial", k, m, z, degree=degree, only=only, bias=bias, names=list(m.get_feature_names_out([f"f{i}" for i in range(x.shape[1])])))
    for n in {min(2, x.shape[1]), 1}:
        for whiten in False, True:
            m = PCA(n, whiten=whiten, svd_solver="full").fit(x)
            s = np.sign(m.components_[np.arange(n), np.abs(m.components_).argmax(1)])
            m.components_ *= s[:, None]
            other("pca", k, m, z, n=n, whiten=whiten, mean=m.mean_.tolist(), components=m.components_.tolist(),
                  variance=m.explained_variance_.tolist(), ratio=m.explained_variance_ratio_.tolist(), singular=m.singular_values_.tolist(),
                  back=m.inverse_transform(m.transform(z)).tolist())

with open("golden_regression.json", "w") as f:
    json.dump(golden, f, separators=(",", ":"))
    f.write("\n")

# Makes golden_classification.json with scikit-learn 1.2: python3 golden_classification.py
# Features are standardised (mean 0, population deviation 1) where "scaled" says so; all else is the set as it is in dataset/.
import json
import warnings

import numpy as np
from sklearn import datasets
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC, LinearSVC

warnings.simplefilter("error")
SETS = {"iris": datasets.load_iris, "wine": datasets.load_wine, "breastcancer": datasets.load_breast_cancer}


def data(name, scaled):
    b = SETS[name]()
    x = b.data
    if scaled:
        x = (x - x.mean(0)) / x.std(0)
    return x, b.target


def rows(a):
    """Every 7th row, to keep the file small."""
    return np.round(a[::7], 12).tolist()


cases = []


def add(kind, name, scaled, model, proba=False, options=None, decision=True):
    x, y = data(name, scaled)
    with warnings.catch_warnings():
        if (options or {}).get("multi") == "crammer_singer":
            warnings.simplefilter("ignore")  # LinearSVC's count of iterations is not set there, and may look like too many
        model.fit(x, y)
    case = {"kind": kind, "set": name, "scaled": scaled, "options": options or {}, "score": model.score(x, y),
            "predict": model.predict(x)[::7].tolist()}
    if hasattr(model, "coef_"):
        case["coef"], case["intercept"] = model.coef_.tolist(), np.atleast_1d(model.intercept_).tolist()
    if proba:
        case["proba"] = rows(model.predict_proba(x))
    if decision:
        case["decision"] = rows(model.decision_function(x))
    if kind == "svc":
        case["support"] = np.sort(model.support_).tolist()
    cases.append(case)


for name in SETS:
    for scaled in (True, False):
        for c in (0.1, 1, 10):
            if not scaled and name != "iris":
                continue
            add("logistic", name, scaled, LogisticRegression(C=c, solver="newton-cg", tol=1e-6, max_iter=10000), True, {"C": c})
    add("lda", name, False, LinearDiscriminantAnalysis(solver="lsqr"), True)
    add("qda", name, False, QuadraticDiscriminantAnalysis(), True, decision=False)
    add("nb", name, False, GaussianNB(), True, decision=False)
    for c in (0.1, 1):
        for multi in ("ovr", "crammer_singer"):
            if multi == "crammer_singer" and name == "breastcancer":
                continue  # liblinear keeps two planes, scikit-learn their difference
            add("linearsvc", name, True, LinearSVC(C=c, loss="hinge", multi_class=multi, tol=1e-9, max_iter=1000000, random_state=0), False,
                {"C": c, "multi": multi})
    for kernel, more in (("linear", {}), ("rbf", {"gamma": 0.1}), ("poly", {"gamma": 0.2, "coef0": 1.0, "degree": 3})):
        add("svc", name, True, SVC(C=1, kernel=kernel, tol=1e-10, shrinking=False, **more), False, {"C": 1, "kernel": kernel, **more})

with open("golden_classification.json", "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")

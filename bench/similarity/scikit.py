"""Kernels and distances of scikit-learn: one case a line comes in as JSON, its values go out as JSON, digits exact.

A case: a and b, two vectors; gamma, degree and coef0; precision, a matrix (or null).
"""

import json
import sys

import numpy
import sklearn
from sklearn.metrics import DistanceMetric, pairwise
from sklearn.utils.extmath import softmax


def values(case):
    a, b = (numpy.array([case[name]], dtype=numpy.float64) for name in "ab")
    gamma, degree, coef0 = case["gamma"], case["degree"], case["coef0"]
    # Of pairwise's euclidean_distances half of the digits are gone between near vectors: DistanceMetric sums up differences.
    result = {
        "linear": pairwise.linear_kernel(a, b),
        "polynomial": pairwise.polynomial_kernel(a, b, gamma=gamma, degree=degree, coef0=coef0),
        "rbf": pairwise.rbf_kernel(a, b, gamma=gamma),
        "laplacian": pairwise.laplacian_kernel(a, b, gamma=gamma),
        "sigmoid": pairwise.sigmoid_kernel(a, b, gamma=gamma, coef0=coef0),
        "cosine": pairwise.cosine_similarity(a, b),
        "euclidean": DistanceMetric.get_metric("euclidean").pairwise(a, b),
        "manhattan": DistanceMetric.get_metric("manhattan").pairwise(a, b),
        "chebyshev": DistanceMetric.get_metric("chebyshev").pairwise(a, b),
    }
    if case["precision"] is not None:
        precision = numpy.array(case["precision"], dtype=numpy.float64)
        result["mahalanobis"] = DistanceMetric.get_metric("mahalanobis", VI=precision).pairwise(a, b)
    result = {name: float(value[0, 0]) for name, value in result.items()}
    result["softmax"] = softmax(a).ravel().tolist()
    return result


print(json.dumps({"scikit-learn": sklearn.__version__, "numpy": numpy.__version__}), flush=True)
for line in sys.stdin:
    print(json.dumps(values(json.loads(line))), flush=True)

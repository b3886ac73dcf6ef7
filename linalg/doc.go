// Package linalg holds linear algebra under the names of torch.linalg: factorizations (Cholesky, LU, QR, Eigh, SVD), solvers,
// determinants, pseudo-inverses, matrix functions (Expm, SqrtM, LogM) and norms.
//
// Every function takes a batch: matrices are the last two dimensions (..., M, N), the others are counted through, and those of
// two inputs broadcast. Inputs have any one floating-point type. All is computed in float64, gradients too, and rounded to that
// type at the end. Results are differentiable to any order unless their function says otherwise.
//
// What fails by the data, a singular matrix or NaN, is an error that names the matrix and the place: no result is ever
// returned in its stead. Must turns it into a panic where the data is known to be good. A wrong program (shapes, dtypes) panics
// with *tensor.Error, as everywhere; so does a derivative that does not exist, such as that of the eigenvectors of a repeated
// eigenvalue.
//
// The vectors of Eigh and SVD are unique up to signs only, which are not specified; test or train through functions that do
// not depend on them.
package linalg

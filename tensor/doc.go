// Package tensor holds Hadal's n-dimensional arrays, the operations on them and their reverse-mode differentiation.
//
// A [Tensor] has an element type and a shape fixed at run time, lives on a [Device] and never changes. Operations are
// methods named as in PyTorch; shapes broadcast, slices are views, and dtypes promote as there. A wrong program panics
// with *[Error], which names the operation, the shapes and the line; [Catch] turns that into an error.
//
//	x := tensor.Of([]float32{1, 2, 3, 4}, 2, 2)
//	w := tensor.NewParam(tensor.Ones(2, 2))
//	loss := x.MatMul(w.Tensor).Tanh().Sum()
//	loss.Backward()
//	fmt.Println(w.Grad())
//
// An operation is recorded if and only if an input requires grad: a leaf made by RequireGrad, a [Param], or what was
// computed from one. [Tensor.Backward] walks the record and adds to the leaves' gradients; package autograd has
// gradients as values, Jacobians and Hessians. Only a Param's or [Buffer]'s Update changes data, and a record that read
// the old data refuses to run.
//
// Each primitive is one file op_<name>.go that holds its documentation, shape rule, kernels and gradient as an [Op];
// other packages define their own in the same way and run them with [Apply]. Memory is the garbage collector's unless a
// [Scope] owns it.
package tensor

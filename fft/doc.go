// Package fft has the discrete Fourier transform and what is made of it: short-time transforms, cosine transforms, windows
// and convolutions. Every function is differentiable to any order.
//
// # Complex numbers
//
// There is no complex dtype: a tensor of complex numbers is one of reals whose last axis, of size 2, holds (real,
// imaginary), as torch.view_as_real gives it. Complex, Real, Imag, Abs, Angle, Mul and Conj work on them. Axes are counted
// without that last one: for a complex tensor of shape (N, L, 2), axis 1 and axis -1 are both that of size L. A gradient is
// that of the real and imaginary parts as if they were separate numbers, which is PyTorch's convention.
//
// # Transforms
//
// With n the size of the axis and w = exp(-2πi/n),
//
//	FFT    y_k = Σ_j x_j w^(jk)              IFFT  x_j = 1/n Σ_k y_k w^(-jk)
//	RFFT   the numbers 0..⌊n/2⌋ of FFT, of a real x; the others are their conjugates
//	IRFFT  its inverse
//
// and the functions that end in 2 and N do so along several axes. The 1/n stands where Norm says. Any size takes O(n log n)
// operations; those without prime factors above 5 and with a factor 8 take the fewest (FastSize).
//
// Cooley and Tukey, 1965 (in the self-sorting form of Stockham, 1966); Bluestein, 1970, for sizes with large prime factors.
package fft

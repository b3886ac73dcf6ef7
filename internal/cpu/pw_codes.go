package cpu

// Code names an elementwise function.
type Code uint8

// The elementwise functions of inputs a, b and c; S0, S1 and S2 are the constants of a Pointwise.
const (
	Invalid Code = iota

	Add      // a + b
	Sub      // a - b
	Mul      // a b
	Div      // a / b
	FloorDiv // a / b rounded down
	Rem      // a - b FloorDiv(a, b): has b's sign
	Max      // max(a, b); NaN wins
	Min      // min(a, b); NaN wins
	AddS     // a + S0
	RSubS    // S0 - a
	MulS     // a S0
	DivS     // a / S0
	Clamp    // min(max(a, S0), S1)
	Neg      // -a
	Abs      // |a|
	Sign     // -1, 0, 1; 0 for NaN
	Square   // a²
	Recip    // 1 / a
	Sqrt     // a^½
	Rsqrt    // a^-½
	Floor
	Ceil
	Round // half to even
	Trunc
	ReLU        // max(a, 0); NaN stays
	LeakyReLU   // a > 0: a, else S0 a
	Hardsigmoid // min(max(a + 3, 0), 6) / 6
	Hardswish   // a Hardsigmoid(a)
	And         // of bools
	Or
	Xor
	Not

	// Gradients: dy is the first input, x or y (the function's input or result) the second.
	MaxGrad         // dy where b > c, dy/2 where b = c, else 0; dy for NaN
	MinGrad         // the same with b < c
	ClampGrad       // dy where S0 <= x <= S1, else 0
	HardtanhGrad    // 0 where x <= S0 or x >= S1, else dy
	ReLUGrad        // 0 where y <= 0, else dy
	LeakyReLUGrad   // dy where x > 0, else S0 dy
	HardsigmoidGrad // dy/6 where -3 < x < 3, else 0
	HardswishGrad   // 0 where x < -3, dy where x >= 3, else dy (x/3 + ½)
	TanhGrad        // dy (1 - y²)
	SigmoidGrad     // dy y (1 - y)

	firstCostly // below are functions that cost nanoseconds an element

	Pow  // a^b
	PowS // a^S0
	Atan2
	Exp
	Expm1
	Exp2
	Log
	Log1p
	Log2
	Log10
	Sin
	Cos
	Tan
	Asin
	Acos
	Atan
	Sinh
	Cosh
	Tanh
	Asinh
	Acosh
	Atanh
	Erf
	Erfc
	Erfinv
	Lgamma     // ln |Γ(a)|
	Digamma    // the derivative of Lgamma
	PolygammaS // the derivative number S0 of Digamma
	Sigmoid    // 1 / (1 + e^-a)
	LogSigmoid // ln Sigmoid(a)
	Softplus   // ln(1 + e^(S0 a)) / S0; a where S0 a > S1
	ELU        // a > 0: S1 a, else S0 S1 (e^(S2 a) - 1)
	GELU       // a Φ(a)
	GELUTanh   // GELU with Φ(a) as ½ (1 + tanh(√(2/π) (a + 0.044715 a³)))
	SiLU       // a Sigmoid(a)
	Mish       // a tanh(ln(1 + e^a))

	LogSigmoidGrad
	SoftplusGrad
	ELUGrad
	GELUGrad
	GELUTanhGrad
	SiLUGrad
	MishGrad

	numCodes
)

// The comparisons, for Compare.
const (
	Eq Code = iota + 128
	Ne
	Lt
	Le
	Gt
	Ge
)

// grain is the chunk a loop is cut into: fewer elements of a costly function make up for waking a worker.
func (c Code) grain() int {
	if c < firstCostly {
		return grainCheap
	}
	return grainCostly
}

// kernel computes d[i] = f(a[i], b[i], c[i]); the inputs are at least as long as d, those that f does not have are nil.
type kernel[T Number] func(d, a, b, c []T, p Pointwise)

type kernels[T Number] [numCodes]kernel[T]

var (
	kernelsF32 = float32Kernels()
	kernelsF64 = float64Kernels()

	kernelsF32Vector = func() kernels[float32] {
		k := vectorPointwise(false)
		k.join(kernelsF32)
		return k
	}()
	kernelsF32AVX512 kernels[float32] // vector_avx512_amd64.go fills it
	kernelsF32Stream = vectorPointwise(true)
	kernelsI64       = intKernels[int64]()
	kernelsI32       = intKernels[int32]()
	kernelsU8        = uint8Kernels()
)

// kernelOf returns the loop for a code, nil where T has none.
func kernelOf[T Number](c Code) kernel[T] {
	var t any
	switch any(T(0)).(type) {
	case float32:
		switch inUse() {
		case implGo:
			t = &kernelsF32
		case implAVX512:
			t = &kernelsF32AVX512
		default:
			t = &kernelsF32Vector
		}
	case float64:
		t = &kernelsF64
	case int64:
		t = &kernelsI64
	case int32:
		t = &kernelsI32
	case uint8:
		t = &kernelsU8
	}
	return t.(*kernels[T])[c]
}

// streamKernelOf is kernelOf for a result that is written around the caches, nil where there is none or it need not be.
func streamKernelOf[T Number](c Code, dst []T) kernel[T] {
	if _, ok := any(T(0)).(float32); !ok || !streams(len(dst)) || inUse() == implGo || !aligned(as32(dst)) {
		return nil
	}
	var t any = &kernelsF32Stream
	return t.(*kernels[T])[c]
}

// join copies the kernels of more that k does not have.
func (k *kernels[T]) join(more kernels[T]) {
	for c, f := range more {
		if k[c] == nil {
			k[c] = f
		}
	}
}

// intKernels are the loops of integers, whose arithmetic wraps around.
func intKernels[T int64 | int32 | uint8]() kernels[T] {
	k := integerOnly[T]()
	k.join(arithmetic[T]())
	return k
}

func uint8Kernels() kernels[uint8] {
	k := logical()
	k.join(intKernels[uint8]())
	return k
}

func float64Kernels() kernels[float64] {
	k := mathematics[float64]()
	k.join(floatArithmetic[float64]())
	k.join(arithmetic[float64]())
	return k
}

// float32Kernels takes the fast loops where there are any, else those that compute one float64 at a time.
func float32Kernels() kernels[float32] {
	k := fastFloat32()
	k.join(mathematics[float32]())
	k.join(floatArithmetic[float32]())
	k.join(arithmetic[float32]())
	return k
}

package cpu

import "math"

// fastFloat32 are the loops of float32 that call no function, except for arguments beyond those that the cores of
// pw_core.go take. They are functions of their own: in one large function the compiler would not inline the cores.
func fastFloat32() kernels[float32] {
	return kernels[float32]{
		Pow:            powLoop,
		PowS:           powSLoop,
		Exp:            expLoop,
		Expm1:          expm1Loop,
		Exp2:           exp2Loop,
		Log:            logLoop,
		Log2:           log2Loop,
		Log10:          log10Loop,
		Abs:            absLoop,
		Log1p:          log1pLoop,
		Sin:            sinLoop,
		Cos:            cosLoop,
		Tan:            tanLoop,
		Sinh:           sinhLoop,
		Cosh:           coshLoop,
		Tanh:           tanhLoop,
		Erf:            erfLoop,
		Sigmoid:        sigmoidLoop,
		LogSigmoid:     logSigmoidLoop,
		Softplus:       softplusLoop,
		ELU:            eluLoop,
		GELU:           geluLoop,
		GELUTanh:       geluTanhLoop,
		SiLU:           siluLoop,
		Mish:           mishLoop,
		ReLUGrad:       reluGradLoop,
		LeakyReLUGrad:  leakyReLUGradLoop,
		ClampGrad:      clampGradLoop,
		LogSigmoidGrad: logSigmoidGradLoop,
		SoftplusGrad:   softplusGradLoop,
		ELUGrad:        eluGradLoop,
		GELUGrad:       geluGradLoop,
		GELUTanhGrad:   geluTanhGradLoop,
		SiLUGrad:       siluGradLoop,
		MishGrad:       mishGradLoop,
	}
}

func powLoop(d, a, b, _ []float32, _ Pointwise) {
	a, b = a[:len(d)], b[:len(d)]
	for i, v := range a {
		x, y := float64(v), float64(b[i])
		if 0 < x && x <= math.MaxFloat32 {
			l, r := logParts(x)
			if z := y * (l + logTail(r)); math.Abs(z) < far {
				s, q := expParts(z)
				d[i] = float32(s + float64(s*q))
				continue
			}
		}
		d[i] = float32(math.Pow(x, y))
	}
}

func powSLoop(d, a, _, _ []float32, p Pointwise) {
	y := p.S0
	for i, v := range a[:len(d)] {
		x := float64(v)
		if 0 < x && x <= math.MaxFloat32 {
			l, r := logParts(x)
			if z := y * (l + logTail(r)); math.Abs(z) < far {
				s, q := expParts(z)
				d[i] = float32(s + float64(s*q))
				continue
			}
		}
		d[i] = float32(math.Pow(x, y))
	}
}

func expLoop(d, a, _, _ []float32, _ Pointwise) {
	for i, v := range a[:len(d)] {
		x := float64(v)
		if !(math.Abs(x) < far) {
			d[i] = float32(math.Exp(x))
			continue
		}
		s, q := expParts(x)
		d[i] = float32(s + float64(s*q))
	}
}

func expm1Loop(d, a, _, _ []float32, _ Pointwise) {
	for i, v := range a[:len(d)] {
		x := float64(v)
		if !(math.Abs(x) < far) {
			d[i] = float32(math.Expm1(x))
			continue
		}
		s, q := expParts(x)
		d[i] = float32((s - 1) + float64(s*q))
	}
}

func exp2Loop(d, a, _, _ []float32, _ Pointwise) {
	for i, v := range a[:len(d)] {
		x := float64(v)
		if !(math.Abs(x) < far) {
			d[i] = float32(math.Exp2(x))
			continue
		}
		s, q := expParts(x * math.Ln2)
		d[i] = float32(s + float64(s*q))
	}
}

func logLoop(d, a, _, _ []float32, _ Pointwise)   { scaledLog(d, a, 1) }
func log2Loop(d, a, _, _ []float32, _ Pointwise)  { scaledLog(d, a, 1/math.Ln2) }
func log10Loop(d, a, _, _ []float32, _ Pointwise) { scaledLog(d, a, 1/math.Ln10) }

func scaledLog(d, a []float32, scale float64) {
	for i, v := range a[:len(d)] {
		x := float64(v)
		if !(0 < x && x <= math.MaxFloat32) {
			d[i] = float32(math.Log(x))
			continue
		}
		y, r := logParts(x)
		d[i] = float32((y + logTail(r)) * scale)
	}
}

func log1pLoop(d, a, _, _ []float32, _ Pointwise) {
	for i, v := range a[:len(d)] {
		x := float64(v)
		if !(x > -1 && math.Abs(x) > 1e-5 && x <= math.MaxFloat32) {
			d[i] = float32(math.Log1p(x))
			continue
		}
		y, r := logParts(1 + x)
		d[i] = float32(y + logTail(r))
	}
}

func sinLoop(d, a, _, _ []float32, _ Pointwise) {
	for i, v := range a[:len(d)] {
		x := float64(v)
		if !(math.Abs(x) < sinFar) {
			d[i] = float32(math.Sin(x))
			continue
		}
		r, sign := sinReduce(x)
		d[i] = float32(flip(sinTail(r), sign))
	}
}

func cosLoop(d, a, _, _ []float32, _ Pointwise) {
	for i, v := range a[:len(d)] {
		x := float64(v)
		if !(math.Abs(x) < sinFar) {
			d[i] = float32(math.Cos(x))
			continue
		}
		r, sign := cosReduce(x)
		d[i] = float32(flip(sinTail(r), sign))
	}
}

func tanLoop(d, a, _, _ []float32, _ Pointwise) {
	for i, v := range a[:len(d)] {
		x := float64(v)
		if !(math.Abs(x) < sinFar) {
			d[i] = float32(math.Tan(x))
			continue
		}
		r, signR := sinReduce(x)
		c, signC := cosReduce(x)
		d[i] = float32(flip(sinTail(r)/sinTail(c), signR^signC))
	}
}

func sinhLoop(d, a, _, _ []float32, _ Pointwise) {
	for i, v := range a[:len(d)] {
		x := float64(v)
		z := math.Abs(x)
		if !(z < far) {
			d[i] = float32(math.Sinh(x))
			continue
		}
		s, q := expParts(z)
		m := (s - 1) + float64(s*q)
		d[i] = float32(math.Copysign(m+m/(m+1), x) / 2)
	}
}

func coshLoop(d, a, _, _ []float32, _ Pointwise) {
	for i, v := range a[:len(d)] {
		x := float64(v)
		if !(math.Abs(x) < far) {
			d[i] = float32(math.Cosh(x))
			continue
		}
		s, q := expParts(x)
		e := s + float64(s*q)
		d[i] = float32((e + 1/e) / 2)
	}
}

func tanhLoop(d, a, _, _ []float32, _ Pointwise) {
	for i, v := range a[:len(d)] {
		x := float64(v)
		if !(math.Abs(x) < far) {
			d[i] = float32(math.Tanh(x))
			continue
		}
		s, q := expParts(2 * x)
		m := (s - 1) + float64(s*q)
		d[i] = float32(m / (m + 2))
	}
}

func erfLoop(d, a, _, _ []float32, _ Pointwise) {
	for i, v := range a[:len(d)] {
		x := float64(v)
		z := math.Abs(x)
		if !(z < 4) {
			d[i] = float32(math.Erf(x))
			continue
		}
		j, c, r := nearest(z, 64)
		e := &erfTable[j]
		d[i] = float32(math.Copysign(e.f+float64(e.df*erfTail(c, r)), x))
	}
}

// absLoop clears the sign bits.
func absLoop(d, a, _, _ []float32, _ Pointwise) {
	for i, v := range a[:len(d)] {
		d[i] = math.Float32frombits(math.Float32bits(v) &^ (1 << 31))
	}
}

// flip changes the sign of x if the sign bit is set.
func flip(x float64, sign uint64) float64 { return math.Float64frombits(math.Float64bits(x) ^ sign) }

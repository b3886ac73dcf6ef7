package cpu

import "math"

// fastFloat32 are the loops of float32 that call no function, except for arguments beyond those that the cores of
// pw_core.go take.
func fastFloat32() kernels[float32] {
	return kernels[float32]{
		Pow: func(d, a, b, _ []float32, _ Pointwise) {
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
		},
		PowS: func(d, a, _, _ []float32, p Pointwise) {
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
		},
		Exp: func(d, a, _, _ []float32, _ Pointwise) {
			for i, v := range a[:len(d)] {
				x := float64(v)
				if !(math.Abs(x) < far) {
					d[i] = float32(math.Exp(x))
					continue
				}
				s, q := expParts(x)
				d[i] = float32(s + float64(s*q))
			}
		},
		Expm1: func(d, a, _, _ []float32, _ Pointwise) {
			for i, v := range a[:len(d)] {
				x := float64(v)
				if !(math.Abs(x) < far) {
					d[i] = float32(math.Expm1(x))
					continue
				}
				s, q := expParts(x)
				d[i] = float32((s - 1) + float64(s*q))
			}
		},
		Exp2: func(d, a, _, _ []float32, _ Pointwise) {
			for i, v := range a[:len(d)] {
				x := float64(v)
				if !(math.Abs(x) < far) {
					d[i] = float32(math.Exp2(x))
					continue
				}
				s, q := expParts(x * math.Ln2)
				d[i] = float32(s + float64(s*q))
			}
		},
		Log:   logLoop(1),
		Log2:  logLoop(1 / math.Ln2),
		Log10: logLoop(1 / math.Ln10),
		Log1p: func(d, a, _, _ []float32, _ Pointwise) {
			for i, v := range a[:len(d)] {
				x := float64(v)
				if !(x > -1 && math.Abs(x) > 1e-5 && x <= math.MaxFloat32) {
					d[i] = float32(math.Log1p(x))
					continue
				}
				y, r := logParts(1 + x)
				d[i] = float32(y + logTail(r))
			}
		},
		Sin: func(d, a, _, _ []float32, _ Pointwise) {
			for i, v := range a[:len(d)] {
				x := float64(v)
				if !(math.Abs(x) < sinFar) {
					d[i] = float32(math.Sin(x))
					continue
				}
				r, sign := sinReduce(x)
				d[i] = float32(flip(sinTail(r), sign))
			}
		},
		Cos: func(d, a, _, _ []float32, _ Pointwise) {
			for i, v := range a[:len(d)] {
				x := float64(v)
				if !(math.Abs(x) < sinFar) {
					d[i] = float32(math.Cos(x))
					continue
				}
				r, sign := cosReduce(x)
				d[i] = float32(flip(sinTail(r), sign))
			}
		},
		Tan: func(d, a, _, _ []float32, _ Pointwise) {
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
		},
		Sinh: func(d, a, _, _ []float32, _ Pointwise) {
			for i, v := range a[:len(d)] {
				x := float64(v)
				if !(math.Abs(x) < far) {
					d[i] = float32(math.Sinh(x))
					continue
				}
				s, q := expParts(x)
				m := (s - 1) + float64(s*q)
				d[i] = float32((m + m/(m+1)) / 2)
			}
		},
		Cosh: func(d, a, _, _ []float32, _ Pointwise) {
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
		},
		Tanh: func(d, a, _, _ []float32, _ Pointwise) {
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
		},
		Erf: func(d, a, _, _ []float32, _ Pointwise) {
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
		},
		Sigmoid: func(d, a, _, _ []float32, _ Pointwise) {
			for i, v := range a[:len(d)] {
				x := float64(v)
				if !(math.Abs(x) < far) {
					d[i] = float32(sigmoid(x))
					continue
				}
				s, q := expParts(-x)
				d[i] = float32(1 / (1 + (s + float64(s*q))))
			}
		},
		LogSigmoid: func(d, a, _, _ []float32, _ Pointwise) {
			for i, v := range a[:len(d)] {
				x := float64(v)
				z := math.Abs(x)
				if !(z < 10) {
					d[i] = float32(logSigmoid(x))
					continue
				}
				s, q := expParts(-z)
				y, r := logParts(1 + (s + float64(s*q)))
				d[i] = float32((x-z)/2 - (y + logTail(r)))
			}
		},
		Softplus: func(d, a, _, _ []float32, p Pointwise) {
			for i, v := range a[:len(d)] {
				z := float64(v) * p.S0
				if !(math.Abs(z) < 10 && z <= p.S1) {
					d[i] = float32(softplus(float64(v), p))
					continue
				}
				s, q := expParts(z)
				y, r := logParts(1 + (s + float64(s*q)))
				d[i] = float32((y + logTail(r)) / p.S0)
			}
		},
		ELU: func(d, a, _, _ []float32, p Pointwise) {
			k := p.S0 * p.S1
			for i, v := range a[:len(d)] {
				x := float64(v)
				z := math.Abs(x)
				if !(z*p.S2 < far) {
					d[i] = float32(elu(x, p))
					continue
				}
				s, q := expParts((x - z) / 2 * p.S2)
				d[i] = float32(float64((x+z)/2*p.S1) + float64(k*((s-1)+float64(s*q))))
			}
		},
		GELU: func(d, a, _, _ []float32, _ Pointwise) {
			for i, v := range a[:len(d)] {
				x := float64(v)
				z := math.Abs(x)
				if !(z < tailFar) {
					d[i] = float32(gelu(x))
					continue
				}
				j, c, r := nearest(z, 128)
				e := &tailTable[j]
				d[i] = float32((x+z)/2 - float64(z*(e.f-float64(e.df*normalTail(c, r)))))
			}
		},
		GELUTanh: func(d, a, _, _ []float32, _ Pointwise) {
			for i, v := range a[:len(d)] {
				x := float64(v)
				z, _ := geluArg(x)
				if !(math.Abs(z) < far) {
					d[i] = float32(geluTanh(x))
					continue
				}
				s, q := expParts(-z)
				d[i] = float32(x / (1 + (s + float64(s*q))))
			}
		},
		SiLU: func(d, a, _, _ []float32, _ Pointwise) {
			for i, v := range a[:len(d)] {
				x := float64(v)
				if !(math.Abs(x) < far) {
					d[i] = float32(silu(x))
					continue
				}
				s, q := expParts(-x)
				d[i] = float32(x / (1 + (s + float64(s*q))))
			}
		},
		Mish: func(d, a, _, _ []float32, _ Pointwise) {
			for i, v := range a[:len(d)] {
				x := float64(v)
				if !(math.Abs(x) < far) {
					d[i] = float32(mish(x))
					continue
				}
				s, q := expParts(x)
				e := s + float64(s*q)
				n := e * (e + 2)
				d[i] = float32(x * n / (n + 2))
			}
		},
		ReLUGrad: func(d, dy, y, _ []float32, _ Pointwise) {
			dy, y = dy[:len(d)], y[:len(d)]
			for i := range d {
				g := math.Float32bits(dy[i]) // a choice of integers is no branch
				if y[i] <= 0 {
					g = 0
				}
				d[i] = math.Float32frombits(g)
			}
		},
		LeakyReLUGrad: func(d, dy, x, _ []float32, p Pointwise) {
			dy, x = dy[:len(d)], x[:len(d)]
			slope := math.Float32bits(float32(p.S0))
			for i := range d {
				k := slope
				if x[i] > 0 {
					k = 0x3f800000
				}
				d[i] = dy[i] * math.Float32frombits(k)
			}
		},
		ClampGrad: func(d, dy, x, _ []float32, p Pointwise) {
			lo, hi := float32(p.S0), float32(p.S1)
			dy, x = dy[:len(d)], x[:len(d)]
			for i := range d {
				g, k := math.Float32bits(dy[i]), uint32(0)
				if x[i] >= lo {
					k = g
				}
				if x[i] > hi {
					k = 0
				}
				d[i] = math.Float32frombits(k)
			}
		},
		LogSigmoidGrad: func(d, dy, x, _ []float32, _ Pointwise) {
			dy, x = dy[:len(d)], x[:len(d)]
			for i, v := range x {
				x := float64(v)
				if !(math.Abs(x) < far) {
					d[i] = float32(float64(dy[i]) * sigmoid(-x))
					continue
				}
				s, q := expParts(x)
				d[i] = float32(float64(dy[i]) / (1 + (s + float64(s*q))))
			}
		},
		SoftplusGrad: func(d, dy, x, _ []float32, p Pointwise) {
			dy, x = dy[:len(d)], x[:len(d)]
			for i, v := range x {
				z := float64(v) * p.S0
				if !(math.Abs(z) < far && z <= p.S1) {
					d[i] = float32(float64(dy[i]) * softplusSlope(float64(v), p))
					continue
				}
				s, q := expParts(-z)
				d[i] = float32(float64(dy[i]) / (1 + (s + float64(s*q))))
			}
		},
		ELUGrad: func(d, dy, x, _ []float32, p Pointwise) {
			dy, x = dy[:len(d)], x[:len(d)]
			for i, v := range x {
				x := float64(v)
				if !(x <= 0 && x*p.S2 > -far) {
					d[i] = float32(float64(dy[i]) * eluSlope(x, p))
					continue
				}
				s, q := expParts(x * p.S2)
				d[i] = float32(float64(dy[i]) * (p.S0 * p.S1 * p.S2) * (s + float64(s*q)))
			}
		},
		GELUGrad: func(d, dy, x, _ []float32, _ Pointwise) {
			dy, x = dy[:len(d)], x[:len(d)]
			for i, v := range x {
				x := float64(v)
				z := math.Abs(x)
				if !(z < tailFar) {
					d[i] = float32(float64(dy[i]) * geluSlope(x))
					continue
				}
				j, c, r := nearest(z, 128)
				e := &tailTable[j]
				h := e.f - float64(e.df*(normalTail(c, r)+float64(z*densityTail(c, r)))) // the slope at -z; at z it is 1 - h
				d[i] = float32(float64(dy[i]) * (0.5 + math.Copysign(0.5-h, x)))
			}
		},
		GELUTanhGrad: func(d, dy, x, _ []float32, _ Pointwise) {
			dy, x = dy[:len(d)], x[:len(d)]
			for i, v := range x {
				x := float64(v)
				z, dz := geluArg(x)
				if !(math.Abs(z) < far) {
					d[i] = float32(float64(dy[i]) * geluTanhSlope(x))
					continue
				}
				s, q := expParts(-z)
				e := s + float64(s*q)
				f := 1 / (1 + e) // sigmoid(z); 1 - f = e f
				d[i] = float32(float64(dy[i]) * f * (1 + float64(x*(e*f)*dz)))
			}
		},
		SiLUGrad: func(d, dy, x, _ []float32, _ Pointwise) {
			dy, x = dy[:len(d)], x[:len(d)]
			for i, v := range x {
				x := float64(v)
				if !(math.Abs(x) < far) {
					d[i] = float32(float64(dy[i]) * siluSlope(x))
					continue
				}
				s, q := expParts(-x)
				e := s + float64(s*q)
				f := 1 / (1 + e)
				d[i] = float32(float64(dy[i]) * f * (1 + float64(x*(e*f))))
			}
		},
		MishGrad: func(d, dy, x, _ []float32, _ Pointwise) {
			dy, x = dy[:len(d)], x[:len(d)]
			for i, v := range x {
				x := float64(v)
				if !(math.Abs(x) < 40) {
					d[i] = float32(float64(dy[i]) * mishSlope(x))
					continue
				}
				s, q := expParts(x)
				e := s + float64(s*q)
				n := e * (e + 2)
				k := 1 / (n + 2)
				t := n * k
				// 1 - t² = (1 + t) 2k, and sigmoid(x) = e / (1 + e)
				d[i] = float32(float64(dy[i]) * (t + float64(x*(1+t)*2*k*e/(1+e))))
			}
		},
	}
}

// logLoop is the loop of a logarithm, scale ln x.
func logLoop(scale float64) kernel[float32] {
	return func(d, a, _, _ []float32, _ Pointwise) {
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
}

// flip changes the sign of x if the sign bit is set.
func flip(x float64, sign uint64) float64 { return math.Float64frombits(math.Float64bits(x) ^ sign) }

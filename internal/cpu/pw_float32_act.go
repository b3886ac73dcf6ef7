package cpu

import "math"

// The fast loops of float32 activations and their gradients; fastFloat32 lists them.

func sigmoidLoop(d, a, _, _ []float32, _ Pointwise) {
	for i, v := range a[:len(d)] {
		x := float64(v)
		if !(math.Abs(x) < far) {
			d[i] = float32(sigmoid(x))
			continue
		}
		s, q := expParts(-x)
		d[i] = float32(1 / (1 + (s + float64(s*q))))
	}
}

func logSigmoidLoop(d, a, _, _ []float32, _ Pointwise) {
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
}

func softplusLoop(d, a, _, _ []float32, p Pointwise) {
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
}

func eluLoop(d, a, _, _ []float32, p Pointwise) {
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
}

func geluLoop(d, a, _, _ []float32, _ Pointwise) {
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
}

func geluTanhLoop(d, a, _, _ []float32, _ Pointwise) {
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
}

func siluLoop(d, a, _, _ []float32, _ Pointwise) {
	for i, v := range a[:len(d)] {
		x := float64(v)
		if !(math.Abs(x) < far) {
			d[i] = float32(silu(x))
			continue
		}
		s, q := expParts(-x)
		d[i] = float32(x / (1 + (s + float64(s*q))))
	}
}

func mishLoop(d, a, _, _ []float32, _ Pointwise) {
	for i, v := range a[:len(d)] {
		x := float64(v)
		if !(math.Abs(x) < far) {
			d[i] = float32(mish(x))
			continue
		}
		s, q := expParts(x)
		e := s + float64(s*q)
		n := float64(e * (e + 2))
		d[i] = float32(x * n / (n + 2))
	}
}

func reluGradLoop(d, dy, y, _ []float32, _ Pointwise) {
	dy, y = dy[:len(d)], y[:len(d)]
	for i := range d {
		g := math.Float32bits(dy[i]) // a choice of integers is no branch
		if y[i] <= 0 {
			g = 0
		}
		d[i] = math.Float32frombits(g)
	}
}

func leakyReLUGradLoop(d, dy, x, _ []float32, p Pointwise) {
	dy, x = dy[:len(d)], x[:len(d)]
	slope := math.Float32bits(float32(p.S0))
	for i := range d {
		k := slope
		if x[i] > 0 {
			k = 0x3f800000
		}
		d[i] = dy[i] * math.Float32frombits(k)
	}
}

func clampGradLoop(d, dy, x, _ []float32, p Pointwise) {
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
}

func logSigmoidGradLoop(d, dy, x, _ []float32, _ Pointwise) {
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
}

func softplusGradLoop(d, dy, x, _ []float32, p Pointwise) {
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
}

func eluGradLoop(d, dy, x, _ []float32, p Pointwise) {
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
}

func geluGradLoop(d, dy, x, _ []float32, _ Pointwise) {
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
}

func geluTanhGradLoop(d, dy, x, _ []float32, _ Pointwise) {
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
}

func siluGradLoop(d, dy, x, _ []float32, _ Pointwise) {
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
}

func mishGradLoop(d, dy, x, _ []float32, _ Pointwise) {
	dy, x = dy[:len(d)], x[:len(d)]
	for i, v := range x {
		x := float64(v)
		if !(math.Abs(x) < 40) {
			d[i] = float32(float64(dy[i]) * mishSlope(x))
			continue
		}
		s, q := expParts(x)
		e := s + float64(s*q)
		n := float64(e * (e + 2))
		k := 1 / (n + 2)
		t := float64(n * k)
		// 1 - t² = (1 + t) 2k, and sigmoid(x) = e / (1 + e)
		d[i] = float32(float64(dy[i]) * (t + float64(x*(1+t)*(2*k)*e/(1+e))))
	}
}

package cpu

// naiveTerms is the number of multiply-adds up to which packing costs more than it saves in portable Go.
const naiveTerms = 4096

// naive computes a product term by term, in the order that blocks have.
func (g *product[T]) naive() {
	terms := evenly(g.k, blockingOf[T](g.im).kc)
	for i := range g.m {
		c := g.c[i*g.ldc:][:g.n]
		for j := range c {
			var y T
			if g.ep.Accumulate {
				y = c[j]
			}
			for t := range terms.parts {
				p0, p1 := terms.part(t)
				var s T
				for p := p0; p < p1; p++ {
					s += g.a[i*g.ars+p*g.acs] * g.b[p*g.brs+j*g.bcs]
				}
				if t == 0 && !g.ep.Accumulate {
					y = s
				} else {
					y += s
				}
			}
			c[j] = g.ep.apply(y, i, j)
		}
	}
}

// apply is what the epilogue makes of an element that C is already added to.
func (e *Epilogue[T]) apply(y T, i, j int) T {
	if e.RowBias != nil {
		y += e.RowBias[i]
	}
	if e.ColBias != nil {
		y += e.ColBias[j]
	}
	if e.ReLU && y < 0 {
		y = 0
	}
	return y
}

// runGo is the portable tile kernel. It reads packed panels, 4 wide, whatever the tile's size is.
func (x *gemmTile[T]) runGo() {
	var s00, s01, s02, s03, s10, s11, s12, s13, s20, s21, s22, s23, s30, s31, s32, s33 T
	a, b := x.a[:4*x.k], x.b[:4*x.k]
	for len(a) >= 4 && len(b) >= 4 {
		b0, b1, b2, b3 := b[0], b[1], b[2], b[3]
		u := a[0]
		s00 += u * b0
		s01 += u * b1
		s02 += u * b2
		s03 += u * b3
		u = a[1]
		s10 += u * b0
		s11 += u * b1
		s12 += u * b2
		s13 += u * b3
		u = a[2]
		s20 += u * b0
		s21 += u * b1
		s22 += u * b2
		s23 += u * b3
		u = a[3]
		s30 += u * b0
		s31 += u * b1
		s32 += u * b2
		s33 += u * b3
		a, b = a[4:], b[4:]
	}
	s := [4][4]T{{s00, s01, s02, s03}, {s10, s11, s12, s13}, {s20, s21, s22, s23}, {s30, s31, s32, s33}}
	ep := Epilogue[T]{RowBias: x.rowBias, ColBias: x.colBias, ReLU: x.flags&tileReLU != 0}
	for i := range x.m {
		c := x.c[i*x.ldc:][:x.n]
		for j := range c {
			y := s[i][j]
			if x.flags&tileAccumulate != 0 {
				y += c[j]
			}
			c[j] = ep.apply(y, i, j)
		}
	}
}

package cpu

// naiveTerms is the number of multiply-adds up to which packing costs more than it saves in portable Go.
const naiveTerms = 4096

// naive computes a product without packing, in the order that blocks have: a few columns of a row at a time.
func (g *product[T]) naive() {
	terms := evenly(g.k, blockingOf[T](implGo).kc)
	var sums [64]T
	for i := range g.m {
		for j0 := 0; j0 < g.n; j0 += len(sums) {
			s := sums[:min(len(sums), g.n-j0)]
			c := g.c[i*g.ldc+j0:][:len(s)]
			for t := range terms.parts {
				clear(s)
				p0, p1 := terms.part(t)
				for p := p0; p < p1; p++ {
					u, b := g.a[i*g.ars+p*g.acs], g.b[p*g.brs+j0*g.bcs:]
					if g.bcs == 1 {
						b = b[:len(s)]
						for j := range s {
							s[j] += u * b[j]
						}
						continue
					}
					for j := range s {
						s[j] += u * b[j*g.bcs]
					}
				}
				for j, v := range s {
					if g.ep.Accumulate || t > 0 {
						v += c[j]
					}
					if t == terms.parts-1 {
						v = g.ep.apply(v, i, j0+j)
					}
					c[j] = v
				}
			}
		}
	}
}

// apply is what the epilogue makes of an element that C is already added to.
func (e *Epilogue[T]) apply(v T, i, j int) T {
	if e.RowBias != nil {
		v += e.RowBias[i]
	}
	if e.ColBias != nil {
		v += e.ColBias[j]
	}
	if e.ReLU && v < 0 {
		v = 0
	}
	return v
}

// runGo is the portable tile kernel. It reads packed panels, 2 and 4 wide, whatever the tile's size is. Two rows of four sums
// are what 16 registers hold: four rows spill, and took 1.7 times as long.
func (x *gemmTile[T]) runGo(im Impl) {
	for x.block(im); x.below > 0; x.block(im) {
		x.descend()
	}
}

// descend goes to the block below.
func (x *gemmTile[T]) descend() {
	x.below--
	if x.c = x.c[x.m*x.ldc:]; x.k > 0 {
		x.a = x.a[x.down:]
	}
	if x.rowBias != nil {
		x.rowBias = x.rowBias[x.m:]
	}
}

func (x *gemmTile[T]) block(im Impl) {
	if im == implGoBF16 {
		x.finish(x.pairSums())
	} else {
		x.finish(x.sums())
	}
}

func (x *gemmTile[T]) sums() [2][4]T {
	var s00, s01, s02, s03, s10, s11, s12, s13 T
	a, b := x.a[:2*x.k], x.b[:4*x.k]
	for len(a) >= 2 && len(b) >= 4 {
		b0, b1, b2, b3 := b[0], b[1], b[2], b[3]
		u, v := a[0], a[1]
		s00 += u * b0
		s10 += v * b0
		s01 += u * b1
		s11 += v * b1
		s02 += u * b2
		s12 += v * b2
		s03 += u * b3
		s13 += v * b3
		a, b = a[2:], b[4:]
	}
	return [2][4]T{{s00, s01, s02, s03}, {s10, s11, s12, s13}}
}

// finish is the epilogue.
func (x *gemmTile[T]) finish(s [2][4]T) {
	ep := Epilogue[T]{RowBias: x.rowBias, ColBias: x.colBias, ReLU: x.flags&tileReLU != 0}
	for i := range x.m {
		c := x.c[i*x.ldc:][:x.n]
		for j := range c {
			v := s[i][j]
			if x.flags&tileAccumulate != 0 {
				v += c[j]
			}
			c[j] = ep.apply(v, i, j)
		}
	}
}

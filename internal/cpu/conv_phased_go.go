package cpu

// phasedInputGo computes, for channels c and lanes l, v[p*vp+c*vc+l] = (Bᵀ d B)[p] of the 5x5 matrix
// d[i][j] = x[c*xc+off[l]+i*pitch+j].
func phasedInputGo(v []float32, vp, vc int, x []float32, xc, pitch int, off []int, channels int) {
	for c := range channels {
		for l, o := range off {
			var d [phasedElems]float32
			for i := range phasedPatch {
				s := (*[phasedPatch]float32)(x[c*xc+o+i*pitch:])
				*(*[phasedPatch]float32)(d[phasedPatch*i:]) = phasedB(s[0], s[1], s[2], s[3], s[4])
			}
			for j := range phasedPatch {
				for i, t := range phasedB(d[j], d[5+j], d[10+j], d[15+j], d[20+j]) {
					v[(phasedPatch*i+j)*vp+c*vc+l] = t
				}
			}
		}
	}
}

// phasedWeightsGo computes, for channels c, lanes l and phases f = 2*a+b, u[p*up+c*uc+f*us+l] = (G g Gᵀ)[p] of the 2x2 matrix
// g[i][j] = w[c*wc+off[l]+4*(2*i+a)+2*j+b], or its elements in reverse.
func phasedWeightsGo(u []float32, up, uc, us int, w []float32, wc int, off []int, channels int, flip bool) {
	for c := range channels {
		for f := range phases {
			for l, o := range off {
				g := (*[16]float32)(w[c*wc+o:])
				at := func(i, j int) float32 {
					if flip {
						i, j = 1-i, 1-j
					}
					return g[4*(2*i+f/2)+2*j+f%2]
				}
				d0, d1 := phasedG(at(0, 0), at(0, 1)), phasedG(at(1, 0), at(1, 1))
				for j := range phasedPatch {
					for i, t := range phasedG(d0[j], d1[j]) {
						u[(phasedPatch*i+j)*up+c*uc+f*us+l] = t
					}
				}
			}
		}
	}
}

// phasedOutputGo computes, for channels c and lanes l, y[c*yc+off[l]+i*pitch+j] = max(least, (Aᵀ z A)[i][j] + bias[c]) of the 5x5
// matrix z[i][j] = m[(5*i+j)*mp+c*mc+l]; a nil bias is zeros, NaN stays.
func phasedOutputGo(y []float32, yc, pitch int, off []int, m []float32, mp, mc int, bias []float32, least float32, channels int) {
	for c := range channels {
		var b float32
		if bias != nil {
			b = bias[c]
		}
		for l, o := range off {
			for i, row := range phasedProducts(m[c*mc+l:], mp) {
				s := (*[phasedTile]float32)(y[c*yc+o+i*pitch:])
				for j, v := range row {
					s[j] = atLeast32(v+b, least)
				}
			}
		}
	}
}

// phasedPairGo computes, for channels c, lanes l and phases b < 2, y[c*yc+off[l]+i*pitch+2*j+b] = (Aᵀ z A)[i][j] of the 5x5
// matrix z[i][j] = m[(5*i+j)*mp+c*mc+b*ms+l].
func phasedPairGo(y []float32, yc, pitch int, off []int, m []float32, mp, mc, ms int, channels int) {
	for c := range channels {
		for l, o := range off {
			for b := range 2 {
				for i, row := range phasedProducts(m[c*mc+b*ms+l:], mp) {
					s := (*[2 * phasedTile]float32)(y[c*yc+o+i*pitch:])
					for j, v := range row {
						s[2*j+b] = v
					}
				}
			}
		}
	}
}

// phasedProducts is Aᵀ z A of z[i][j] = m[(5*i+j)*mp].
func phasedProducts(m []float32, mp int) (y [phasedTile][phasedTile]float32) {
	var d [phasedTile][phasedPatch]float32
	for j := range phasedPatch {
		for i, t := range phasedAT(m[j*mp], m[(5+j)*mp], m[(10+j)*mp], m[(15+j)*mp], m[(20+j)*mp]) {
			d[i][j] = t
		}
	}
	for i, s := range d {
		y[i] = phasedAT(s[0], s[1], s[2], s[3], s[4])
	}
	return y
}

// phasedGradGo computes, for channels c and lanes l, z[p*zp+c*zc+l] = (A d Aᵀ)[p] of the 4x4 matrix
// d[i][j] = y[c*yc+off[l]+i*pitch+j].
func phasedGradGo(z []float32, zp, zc int, y []float32, yc, pitch int, off []int, channels int) {
	for c := range channels {
		for l, o := range off {
			var d [phasedTile][phasedPatch]float32
			for i := range phasedTile {
				s := (*[phasedTile]float32)(y[c*yc+o+i*pitch:])
				d[i] = phasedA(s[0], s[1], s[2], s[3])
			}
			for j := range phasedPatch {
				for i, t := range phasedA(d[0][j], d[1][j], d[2][j], d[3][j]) {
					z[(phasedPatch*i+j)*zp+c*zc+l] = t
				}
			}
		}
	}
}

// phasedSumsGo computes, for channels c and phases f = 2*a+b, dw[16*c+4*(2*i+a)+2*j+b] = (Gᵀ d G)[i][j] of the 5x5 matrix
// d[i][j] = u[(5*i+j)*up+4*c+f].
func phasedSumsGo(dw, u []float32, up, channels int) {
	for c := range channels {
		for f := range phases {
			s := u[phases*c+f:]
			var d [2][phasedPatch]float32
			for j := range phasedPatch {
				d[0][j], d[1][j] = phasedGT(s[j*up], s[(5+j)*up], s[(10+j)*up], s[(15+j)*up], s[(20+j)*up])
			}
			for i, t := range d {
				to := dw[16*c+4*(2*i+f/2)+f%2:]
				to[0], to[2] = phasedGT(t[0], t[1], t[2], t[3], t[4])
			}
		}
	}
}

// phasedB is Bᵀ times a vector.
func phasedB(d0, d1, d2, d3, d4 float32) [phasedPatch]float32 {
	s, e := d3-d1, d3-d2
	return [...]float32{s + 2*(d0-d2), e - 2*d1, e + 2*(d1-d2), s, d4 - d2 - 2*s}
}

// phasedG is G times a vector.
func phasedG(g0, g1 float32) [phasedPatch]float32 {
	return [...]float32{g0 * (1. / 2), (g0 + g1) * (-1. / 2), (g1 - g0) * (1. / 6), g0*(1./6) + g1*(1./3), g1}
}

// phasedAT is Aᵀ times a vector.
func phasedAT(m0, m1, m2, m3, m4 float32) [phasedTile]float32 {
	s, d := m1+m2, m1-m2
	return [...]float32{m0 + s + m3, d + 2*m3, s + 4*m3, d + 8*m3 + m4}
}

// phasedA is A times a vector.
func phasedA(y0, y1, y2, y3 float32) [phasedPatch]float32 {
	a, b := y0+y2, y1+y3
	return [...]float32{y0, a + b, a - b, y0 + 4*y2 + 2*(y1+4*y3), y3}
}

// phasedGT is Gᵀ times a vector.
func phasedGT(u0, u1, u2, u3, u4 float32) (g0, g1 float32) {
	return (u0-u1)*(1./2) + (u3-u2)*(1./6), u4 - u1*(1./2) + u2*(1./6) + u3*(1./3)
}

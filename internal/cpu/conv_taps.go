package cpu

//go:generate sh -c "cd _asm && go run ./taps -out ../conv_taps_amd64.s -stubs ../conv_taps_stubs_amd64.go -pkg cpu"

// The kernels of depthwise convolutions, on lines of n elements: line l of z begins at l*zp, that of buf at off[i]+l*bp for
// tap i.
//
//	tapSum:  z[l*zp+j] += Σ_i w[i]*buf[off[i]+l*bp+j]
//	tapDots: sums[i] += Σ_l Σ_j v[l*vp+j]*buf[off[i]+l*bp+j]
//
// tapSum adds in the order of the taps, so that an element has the same bits wherever lines are cut. tapDots adds up one call's
// products in T: tapLines says how many lines a call may have.

const (
	// maxTaps keeps a call of assembly under 50 µs, with the lines that tapLines allows.
	maxTaps = 1024
	// maxTapProducts is the number of products that are added in T.
	maxTapProducts = 1024
)

// tapLines is the number of lines of n elements that one call may have.
func tapLines(n int) int { return max(1, maxTapProducts/max(1, n)) }

func tapSumGo[T Float](z []T, zp int, buf []T, bp, lines, n int, off []int, w []T) {
	for l := range lines {
		sumLine(z[l*zp:][:n], buf[l*bp:], off, w)
	}
}

func tapDotsGo[T Float](v []T, vp int, buf []T, bp, lines, n int, off []int, sums []float64) {
	for l := range lines {
		dotLine(v[l*vp:][:n], buf[l*bp:], off, sums)
	}
}

// sumLine takes at most five taps at a time.
func sumLine[T Float](z, buf []T, off []int, w []T) {
	for parts := evenly(len(w), 5); len(w) > 0; parts.parts-- {
		lo, hi := parts.part(parts.parts - 1)
		n := hi - lo
		switch n {
		case 1:
			addTaps1(z, buf[off[0]:], w[0])
		case 2:
			addTaps2(z, buf[off[0]:], buf[off[1]:], w[0], w[1])
		case 3:
			addTaps3(z, buf[off[0]:], buf[off[1]:], buf[off[2]:], w[0], w[1], w[2])
		case 4:
			addTaps4(z, buf[off[0]:], buf[off[1]:], buf[off[2]:], buf[off[3]:], w[0], w[1], w[2], w[3])
		default:
			addTaps5(z, buf[off[0]:], buf[off[1]:], buf[off[2]:], buf[off[3]:], buf[off[4]:], w[0], w[1], w[2], w[3], w[4])
		}
		off, w = off[n:], w[n:]
	}
}

func addTaps1[T Float](z, a []T, wa T) {
	a = a[:len(z)]
	for j := range z {
		z[j] += wa * a[j]
	}
}

func addTaps2[T Float](z, a, b []T, wa, wb T) {
	a, b = a[:len(z)], b[:len(z)]
	for j := range z {
		z[j] += wa*a[j] + wb*b[j]
	}
}

func addTaps3[T Float](z, a, b, c []T, wa, wb, wc T) {
	a, b, c = a[:len(z)], b[:len(z)], c[:len(z)]
	for j := range z {
		z[j] += (wa*a[j] + wb*b[j]) + wc*c[j]
	}
}

func addTaps4[T Float](z, a, b, c, d []T, wa, wb, wc, wd T) {
	a, b, c, d = a[:len(z)], b[:len(z)], c[:len(z)], d[:len(z)]
	for j := range z {
		z[j] += (wa*a[j] + wb*b[j]) + (wc*c[j] + wd*d[j])
	}
}

func addTaps5[T Float](z, a, b, c, d, e []T, wa, wb, wc, wd, we T) {
	a, b, c, d, e = a[:len(z)], b[:len(z)], c[:len(z)], d[:len(z)], e[:len(z)]
	for j := range z {
		z[j] += ((wa*a[j] + wb*b[j]) + (wc*c[j] + wd*d[j])) + we*e[j]
	}
}

// dotLine takes at most four taps at a time.
func dotLine[T Float](v, buf []T, off []int, sums []float64) {
	for len(off) >= 4 {
		a, b, c, d := tapDots4(v, buf[off[0]:], buf[off[1]:], buf[off[2]:], buf[off[3]:])
		sums[0] += float64(a)
		sums[1] += float64(b)
		sums[2] += float64(c)
		sums[3] += float64(d)
		off, sums = off[4:], sums[4:]
	}
	switch len(off) {
	case 1:
		sums[0] += float64(tapDot1(v, buf[off[0]:]))
	case 2:
		a, b := tapDots2(v, buf[off[0]:], buf[off[1]:])
		sums[0] += float64(a)
		sums[1] += float64(b)
	case 3:
		a, b, c := tapDots3(v, buf[off[0]:], buf[off[1]:], buf[off[2]:])
		sums[0] += float64(a)
		sums[1] += float64(b)
		sums[2] += float64(c)
	}
}

// tapDot1 keeps two sums, even and odd places: one alone would wait for each addition.
func tapDot1[T Float](v, a []T) T {
	a = a[:len(v)]
	var even, odd T
	j := 0
	for ; j+1 < len(v); j += 2 {
		even += v[j] * a[j]
		odd += v[j+1] * a[j+1]
	}
	if j < len(v) {
		even += v[j] * a[j]
	}
	return even + odd
}

func tapDots2[T Float](v, a, b []T) (sa, sb T) {
	a, b = a[:len(v)], b[:len(v)]
	for j, f := range v {
		sa += f * a[j]
		sb += f * b[j]
	}
	return sa, sb
}

func tapDots3[T Float](v, a, b, c []T) (sa, sb, sc T) {
	a, b, c = a[:len(v)], b[:len(v)], c[:len(v)]
	for j, f := range v {
		sa += f * a[j]
		sb += f * b[j]
		sc += f * c[j]
	}
	return sa, sb, sc
}

func tapDots4[T Float](v, a, b, c, d []T) (sa, sb, sc, sd T) {
	a, b, c, d = a[:len(v)], b[:len(v)], c[:len(v)], d[:len(v)]
	for j, f := range v {
		sa += f * a[j]
		sb += f * b[j]
		sc += f * c[j]
		sd += f * d[j]
	}
	return sa, sb, sc, sd
}

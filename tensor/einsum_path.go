package tensor

import (
	"math"
	"math/bits"
)

// optimalOperands is the largest number of operands whose best order is searched for exhaustively.
const optimalOperands = 6

// EinsumPath returns the order in which Einsum contracts tensors of these shapes: each pair names two by their numbers, and
// its product gets the next number. cost counts the multiply-adds of all products, which for each pair are the product of
// the sizes of all its letters, once the letters that a single tensor has are summed over.
//
// For up to 6 tensors the cost is the least of all orders (dynamic programming over their subsets; Lam, Sadayappan and
// Wenger, 1997), of equal ones the one nearest to left to right. Above, the pair comes next whose product is smallest
// compared with the two together, pairs without a common letter last (opt_einsum's greedy order; Smith and Gray, 2018), of
// equal ones the first. It panics as Einsum does.
func EinsumPath(equation string, shapes ...Shape) (pairs [][2]int, cost float64) {
	e := &einsum{equation: equation, shapes: shapes, size: map[byte]int{}}
	e.parse()
	fs := make([]factor, len(shapes))
	for i, l := range e.in {
		for k, c := range l {
			if (shapes[i].at(k) != 1 || e.size[c] == 1) && !fs[i].has(c) {
				fs[i].labels = append(fs[i].labels, c)
			}
		}
	}
	return e.path(fs)
}

// path plans the contraction of factors. Labels that only one of them has are left out: they are summed before.
func (e *einsum) path(fs []factor) (pairs [][2]int, cost float64) {
	if len(fs) == 1 {
		return nil, 0
	}
	p := planner{out: setOf(e.out)}
	for c, n := range e.size {
		p.size[bit(c)] = float64(n)
	}
	for i, f := range fs {
		p.in = append(p.in, setOf(f.labels)&setOf(e.elsewhere(fs, i)))
	}
	if len(fs) <= optimalOperands {
		pairs, cost = p.optimal()
	} else if pairs, cost = p.greedy(p.cheapest); pairs == nil {
		pairs, cost = p.greedy(p.first)
	}
	if pairs == nil {
		e.fail(ErrShape, "a product on the way has more than %d dimensions, in whichever order", MaxRank)
	}
	return pairs, cost
}

// labelSet has a bit for each of the 52 letters and MaxRank dimensions of the ellipsis.
type labelSet uint64

func bit(c byte) int {
	switch {
	case c >= ellipsis:
		return 52 + int(c-ellipsis)
	case c >= 'a':
		return 26 + int(c-'a')
	}
	return int(c - 'A')
}

func setOf(l labels) (s labelSet) {
	for _, c := range l {
		s |= 1 << bit(c)
	}
	return s
}

func (s labelSet) fits() bool { return bits.OnesCount64(uint64(s)) <= MaxRank }

type planner struct {
	in   []labelSet // of each tensor
	out  labelSet
	size [52 + MaxRank]float64
}

// volume returns the number of index tuples of the labels.
func (p *planner) volume(s labelSet) float64 {
	n := 1.0
	for ; s != 0; s &= s - 1 {
		n *= p.size[bits.TrailingZeros64(uint64(s))]
	}
	return n
}

// optimal finds the cheapest tree of products: for each subset of the tensors, the cheapest split into two. No pairs mean
// that none fits.
func (p *planner) optimal() (pairs [][2]int, cost float64) {
	n := len(p.in)
	full := 1<<n - 1
	// Bit n-1-i stands for tensor i, so that the split of the last tensor comes first and wins among equals.
	union := make([]labelSet, 1<<n)
	for s := 1; s <= full; s++ {
		union[s] = union[s&(s-1)] | p.in[n-1-bits.TrailingZeros(uint(s))]
	}
	type plan struct {
		labels labelSet // that the product of the subset keeps
		cost   float64
		right  int // second part of the split
	}
	best := make([]plan, 1<<n)
	for s := 1; s <= full; s++ {
		b := &best[s]
		b.labels = union[s] & (p.out | union[full&^s])
		if s&(s-1) == 0 {
			continue
		}
		b.cost = math.Inf(1)
		if !b.labels.fits() {
			continue
		}
		rest := s &^ (1 << (bits.Len(uint(s)) - 1)) // the earliest tensor stays on the left
		for right := rest & -rest; right != 0; right = (right - rest) & rest {
			x, y := best[s&^right], best[right]
			if c := x.cost + y.cost + p.volume(x.labels|y.labels); c < b.cost {
				b.cost, b.right = c, right
			}
		}
	}
	if math.IsInf(best[full].cost, 1) {
		return nil, 0
	}
	var emit func(s int) int
	emit = func(s int) int {
		right := best[s].right
		if right == 0 {
			return n - 1 - bits.TrailingZeros(uint(s))
		}
		pair := [2]int{emit(s &^ right), emit(right)}
		pairs = append(pairs, pair)
		return n + len(pairs) - 1
	}
	emit(full)
	return pairs, best[full].cost
}

// greedy contracts the pair that next chooses (it returns two positions in live, x before y) until one is left.
func (p *planner) greedy(next func(live []labelSet) (x, y int)) (pairs [][2]int, cost float64) {
	live := append([]labelSet(nil), p.in...)
	number := make([]int, len(live))
	for i := range number {
		number[i] = i
	}
	for len(live) > 1 {
		i, j := next(live)
		r := p.product(live, i, j)
		if !r.fits() {
			return nil, 0
		}
		pairs = append(pairs, [2]int{number[i], number[j]})
		cost += p.volume(live[i] | live[j])
		live[i], number[i] = r, len(p.in)+len(pairs)-1
		live, number = append(live[:j], live[j+1:]...), append(number[:j], number[j+1:]...)
	}
	return pairs, cost
}

// product returns the labels that the product of two live tensors keeps.
func (p *planner) product(live []labelSet, x, y int) labelSet {
	keep := p.out
	for i, s := range live {
		if i != x && i != y {
			keep |= s
		}
	}
	return (live[x] | live[y]) & keep
}

func (p *planner) cheapest(live []labelSet) (x, y int) {
	least, apart := math.Inf(1), true
	y = 1
	for i := range live {
		for j := i + 1; j < len(live); j++ {
			r := p.product(live, i, j)
			if !r.fits() {
				continue
			}
			growth, disjoint := p.volume(r)-p.volume(live[i])-p.volume(live[j]), live[i]&live[j] == 0
			if apart && !disjoint || apart == disjoint && growth < least {
				x, y, least, apart = i, j, growth, disjoint
			}
		}
	}
	return x, y
}

func (p *planner) first([]labelSet) (x, y int) { return 0, 1 }

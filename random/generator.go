package random

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"sync/atomic"
)

// Generator hands out independent keys, child generators and single random numbers. It is a root key and a position;
// each call of a method takes the next position. All methods but SetState and UnmarshalText may be called from
// several goroutines: no two calls get the same position, though which gets which depends on their order. For results
// that repeat, give each goroutine a child by Split, or a key. A Generator must not be copied; the zero value is New(0).
type Generator struct {
	root   Key
	pos    atomic.Uint64
	shapes bool
}

// New returns a generator for seed. Equal seeds give equal generators, different seeds independent ones.
func New(seed uint64) *Generator { return FromKey(Key{lo: seed}) }

// FromKey returns a generator rooted in k: nothing that it hands out overlaps with the elements of the stream k.
func FromKey(k Key) *Generator { return &Generator{root: k} }

// Shapes returns a generator for what has shapes alone: tensors drawn from it or from its children are on tensor's Meta device,
// without data. A network built with it costs no time and little memory, that of what is not drawn, such as normalisation, whatever its
// size, and can be counted and summarised:
//
//	nn.Summary(models.NewVGG(random.Shapes(), 19, models.VGGConfig{}), tensor.ShapeOf(1, 3, 224, 224))
//
// Its other methods draw as those of New(0) do.
func Shapes() *Generator { return &Generator{shapes: true} }

// OnlyShapes reports whether g is one of Shapes.
func (g *Generator) OnlyShapes() bool { return g.shapes }

func (g *Generator) take() uint64 {
	p := g.pos.Add(1) - 1
	if p > maxPos {
		panic("random: Generator: more than 2^62 draws; Split it before")
	}
	return p
}

// Next returns a fresh key. Keys of one generator are all different.
func (g *Generator) Next() Key { return keyOf(block64(g.root, useNext|g.take())) }

// Split returns a child generator that is independent of g and of every other child. It is deterministic: the n-th
// call on equal generators gives equal children. g's later keys are those after one more step.
func (g *Generator) Split() *Generator {
	return &Generator{root: keyOf(block64(g.root, useSplit|g.take())), shapes: g.shapes}
}

func (g *Generator) draw() (a, b uint64) { return block64(g.root, useDraw|g.take()) }

// Uint64 returns a uniform 64-bit number. It makes g a source for math/rand/v2.
func (g *Generator) Uint64() uint64 {
	a, _ := g.draw()
	return a
}

// Float64 returns a uniform number in [0, 1): a multiple of 2^-53.
func (g *Generator) Float64() float64 { return uniform64(g.Uint64()) }

// NormFloat64 returns a number from the normal distribution of mean 0 and variance 1, as [Normal64] makes them.
func (g *Generator) NormFloat64() float64 {
	z, _ := normal64(g.draw())
	return z
}

// Intn returns an exactly uniform integer in [0, n) (Lemire: "Fast Random Integer Generation in an Interval", 2019). It
// panics unless n > 0.
func (g *Generator) Intn(n int) int {
	if n <= 0 {
		panic(fmt.Sprintf("random: Intn: n is %d, want n > 0", n))
	}
	hi, lo := bits.Mul64(g.Uint64(), uint64(n))
	if lo < uint64(n) { // only here may a value be one too many
		for surplus := -uint64(n) % uint64(n); lo < surplus; {
			hi, lo = bits.Mul64(g.Uint64(), uint64(n))
		}
	}
	return int(hi)
}

// Perm returns a uniform permutation of 0, 1, ..., n-1. It panics if n < 0.
func (g *Generator) Perm(n int) []int {
	checkCount("Perm", n)
	p := make([]int, n)
	for i := range p {
		p[i] = i
	}
	g.Shuffle(n, func(i, j int) { p[i], p[j] = p[j], p[i] })
	return p
}

// Shuffle brings n things into a uniformly random order by n-1 calls of swap (Fisher and Yates, 1938; Durstenfeld, 1964).
// It panics if n < 0.
func (g *Generator) Shuffle(n int, swap func(i, j int)) {
	checkCount("Shuffle", n)
	for i := n - 1; i > 0; i-- {
		swap(i, g.Intn(i+1))
	}
}

// State is all that a Generator is made of. Save it to continue a run with the same bits.
type State struct {
	Root Key
	Pos  uint64 // draws so far; at most 2^62 - 1
}

// State returns the present state of g.
func (g *Generator) State() State { return State{g.root, g.pos.Load()} }

// SetState makes g continue from s, which came from State. No other method of g may run at the same time.
func (g *Generator) SetState(s State) {
	g.root = s.Root
	g.pos.Store(s.Pos)
}

const stateName = "philox4x32-10"

// MarshalText writes the state as "philox4x32-10:<root key>:<position>".
func (g *Generator) MarshalText() ([]byte, error) {
	s := g.State()
	return fmt.Appendf(nil, "%s:%s:%d", stateName, s.Root, s.Pos), nil
}

// UnmarshalText sets the state that MarshalText wrote. On an error g is unchanged. No other method of g may run at the
// same time.
func (g *Generator) UnmarshalText(text []byte) error {
	fields := strings.Split(string(text), ":")
	if len(fields) != 3 || fields[0] != stateName {
		return fmt.Errorf("random: generator state %.60q: want %s:<key>:<position>", text, stateName)
	}
	root, err := ParseKey(fields[1])
	if err != nil {
		return err
	}
	pos, err := strconv.ParseUint(fields[2], 10, 64)
	if err != nil || pos > maxPos+1 {
		return fmt.Errorf("random: generator position %.40q: want an integer in [0, %d]", fields[2], uint64(maxPos+1))
	}
	g.SetState(State{root, pos})
	return nil
}

func checkCount(op string, n int) {
	if n < 0 {
		panic(fmt.Sprintf("random: %s: n is %d, want n >= 0", op, n))
	}
}

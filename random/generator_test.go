package random

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

var _ rand.Source = (*Generator)(nil)

func TestKeyRoundTrips(t *testing.T) {
	for i, k := range []Key{{}, {hi: 1}, {lo: 1}, {^uint64(0), ^uint64(0)}, KeyAt(1, 2, 3), New(9).Next()} {
		if got := KeyFromBytes(k.Bytes()); got != k {
			t.Errorf("%d: bytes give %v, want %v", i, got, k)
		}
		if got, err := ParseKey(k.String()); got != k || err != nil {
			t.Errorf("%d: text gives %v, %v, want %v", i, got, err, k)
		}
		b, err := json.Marshal(map[string]Key{"k": k})
		if err != nil {
			t.Fatal(err)
		}
		var back map[string]Key
		if err := json.Unmarshal(b, &back); err != nil || back["k"] != k {
			t.Errorf("%d: %s gives %v, %v", i, b, back, err)
		}
	}
	if got, want := (Key{hi: 0x0123456789abcdef, lo: 1}).String(), "0123456789abcdef0000000000000001"; got != want {
		t.Errorf("String = %s, want %s", got, want)
	}
	for _, bad := range []string{"", "0", "0123456789abcdef000000000000000", "0123456789abcdef00000000000000012",
		"+123456789abcdef0000000000000001", "0123456789abcdef-000000000000001", "g123456789abcdef0000000000000001",
		"0x23456789abcdef0000000000000001", "01234567_9abcdef0000000000000001"} {
		if k, err := ParseKey(bad); err == nil {
			t.Errorf("ParseKey(%q) = %v, want an error", bad, k)
		}
	}
}

func TestKeysNeverCollide(t *testing.T) {
	const n = 1_000_000
	keys := make([]Key, 0, n+n/2)
	g := New(42)
	children := []*Generator{g}
	for len(keys) < n { // keys and children, and keys of children, from one parent and its tree
		p := children[len(keys)%len(children)]
		keys = append(keys, p.Next())
		if len(keys)%1000 == 0 {
			c := p.Split()
			children = append(children, c)
			keys = append(keys, c.root)
		}
	}
	for i := range uint64(n / 4) {
		keys = append(keys, KeyAt(42, i), KeyAt(42, 0, i)) // the same seed by another way
	}
	slices.SortFunc(keys, func(a, b Key) int {
		if a.hi != b.hi {
			if a.hi < b.hi {
				return -1
			}
			return 1
		}
		if a.lo < b.lo {
			return -1
		}
		if a.lo > b.lo {
			return 1
		}
		return 0
	})
	for i := 1; i < len(keys); i++ {
		if keys[i] == keys[i-1] {
			t.Fatalf("key %v came twice", keys[i])
		}
	}
}

func TestKeyAt(t *testing.T) {
	seen := map[Key][]uint64{}
	for _, parts := range [][]uint64{{}, {0}, {1}, {0, 0}, {0, 1}, {1, 0}, {0, 0, 0}, {1 << 63}, {^uint64(0)}, {1 << 62}, {1, 1 << 62}} {
		k := KeyAt(5, parts...)
		if other, ok := seen[k]; ok {
			t.Errorf("parts %v and %v give one key", parts, other)
		}
		seen[k] = parts
		if k == KeyAt(6, parts...) {
			t.Errorf("parts %v: two seeds give one key", parts)
		}
	}
	if KeyAt(5, 1, 2) != KeyAt(5, 1).FoldIn(2) {
		t.Error("KeyAt(5, 1, 2) is not KeyAt(5, 1).FoldIn(2)")
	}
}

func TestSplit(t *testing.T) {
	a, b := New(1), New(1)
	ca, cb := a.Split(), b.Split()
	if ca.Next() != cb.Next() || a.Next() != b.Next() {
		t.Error("equal generators split differently")
	}
	c, d := New(1), New(1)
	c.Split()
	if c.Next() == d.Next() {
		t.Error("Split does not change the parent's next key")
	}
	if x, y := a.Split().Next(), a.Split().Next(); x == y {
		t.Error("two children are equal")
	}
}

// use exercises every method that draws.
func use(g *Generator) (x []any) {
	return append(x, g.Next(), g.Split().Next(), g.Uint64(), g.Float64(), g.NormFloat64(), g.Intn(10), g.Perm(5))
}

func TestStateResumesBitForBit(t *testing.T) {
	g := New(123)
	use(g)
	state := g.State()
	text, err := g.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	want := use(g)

	var byState, byText, byJSON Generator
	byState.SetState(state)
	if err := byText.UnmarshalText(text); err != nil {
		t.Fatal(err)
	}
	var s State
	if err := json.Unmarshal(asJSON, &s); err != nil {
		t.Fatal(err)
	}
	byJSON.SetState(s)
	for name, g := range map[string]*Generator{"State": &byState, "text": &byText, "JSON": &byJSON} {
		got := use(g)
		for i := range want {
			gp, ok := got[i].([]int)
			if ok && !slices.Equal(gp, want[i].([]int)) || !ok && got[i] != want[i] {
				t.Errorf("%s: draw %d is %v, want %v", name, i, got[i], want[i])
			}
		}
	}
	if want := "philox4x32-10:0000000000000000000000000000007b:"; string(text[:len(want)]) != want {
		t.Errorf("text %s, want %s<position>", text, want)
	}
	for _, bad := range []string{"", "philox4x32-10", "mt19937:0000000000000000000000000000007b:1",
		"philox4x32-10:0000000000000000000000000000007b:", "philox4x32-10:0000000000000000000000000000007b:-1",
		"philox4x32-10:0000000000000000000000000000007b:4611686018427387904", "philox4x32-10:7b:1",
		"philox4x32-10:0000000000000000000000000000007b:1:2"} {
		g := New(4)
		if err := g.UnmarshalText([]byte(bad)); err == nil || g.State() != New(4).State() {
			t.Errorf("state %q: error %v, state %v", bad, err, g.State())
		}
	}
}

func TestZeroGeneratorIsNew0(t *testing.T) {
	var zero Generator
	if zero.Next() != New(0).Next() {
		t.Error("the zero Generator is not New(0)")
	}
}

// No two goroutines get the same key, and together they get what one would.
func TestNextFromManyGoroutines(t *testing.T) {
	const workers, each = 8, 2000
	g := New(3)
	keys := make([][]Key, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for range each {
				keys[w] = append(keys[w], g.Next())
			}
		})
	}
	wg.Wait()
	got := map[Key]bool{}
	for _, ks := range keys {
		for _, k := range ks {
			got[k] = true
		}
	}
	one := New(3)
	for range workers * each {
		if k := one.Next(); !got[k] {
			t.Fatalf("key %v is missing", k)
		}
	}
}

func TestPermAndPermutation(t *testing.T) {
	for _, n := range []int{0, 1, 2, 255, 256, 257, 1000} {
		p := New(8).Perm(n)
		q := Permutation(n, KeyAt(8))
		shuffled := make([]int64, n)
		for i := range shuffled {
			shuffled[i] = int64(i)
		}
		Shuffle(n, KeyAt(8), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if !slices.Equal(q, shuffled) {
			t.Errorf("n=%d: Permutation is not the shuffle of 0, 1, ...", n)
		}
		if n > 1 && (slices.IsSorted(p) && n > 2 || slices.IsSorted(q) && n > 2) {
			t.Errorf("n=%d: the identity", n)
		}
		slices.Sort(p)
		slices.Sort(q)
		for i := range n {
			if p[i] != i || q[i] != int64(i) {
				t.Fatalf("n=%d: not a permutation", n)
			}
		}
	}
}

func TestShapes(t *testing.T) {
	g := Shapes()
	if !g.OnlyShapes() || !g.Split().Split().OnlyShapes() {
		t.Error("a generator of shapes, or a child, is none")
	}
	if New(0).OnlyShapes() || new(Generator).OnlyShapes() {
		t.Error("another generator is one of shapes")
	}
}

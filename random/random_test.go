package random

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// The vectors for philox4x32 with 10 rounds in Random123's kat_vectors (Salmon et al., 2011).
func TestPhiloxKnownAnswers(t *testing.T) {
	for _, c := range []struct {
		counter [4]uint32
		key     [2]uint32
		want    [4]uint32
	}{
		{[4]uint32{}, [2]uint32{}, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{[4]uint32{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, [2]uint32{0xffffffff, 0xffffffff},
			[4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{[4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, [2]uint32{0xa4093822, 0x299f31d0},
			[4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	} {
		words := func(lo, hi uint32) uint64 { return uint64(hi)<<32 | uint64(lo) }
		k := Key{hi: words(c.counter[2], c.counter[3]), lo: words(c.key[0], c.key[1])}
		var got [4]uint32
		got[0], got[1], got[2], got[3] = block(k, words(c.counter[0], c.counter[1]))
		if got != c.want {
			t.Errorf("philox(%08x, %08x) = %08x, want %08x", c.counter, c.key, got, c.want)
		}
	}
}

//go:embed testdata/golden.json
var goldenJSON []byte

// golden is what testdata/golden.py, an independent implementation, prints.
var golden = func() (g struct {
	Key              string
	N                int
	Uint32           string
	Uint64           string
	Uniform32        string
	Uniform64        string
	Normal32         string
	Normal64         string
	Normal64First    []float64 `json:"normal64_first"`
	Bernoulli        string    `json:"bernoulli_0.3"`
	RandInt          string    `json:"randint64_-6_7**20"`
	Permutation10    []int64   `json:"permutation_10"`
	Permutation      string
	NextOfSeed7      []string `json:"next_of_seed_7"`
	DrawsOfSeed7     []string `json:"draws_of_seed_7"`
	SplitOfSeed7Next string   `json:"split_of_seed_7_next"`
	KeyAt7_1_2       string   `json:"key_at_7_1_2"`
}) {
	if err := json.Unmarshal(goldenJSON, &g); err != nil {
		panic(err)
	}
	return g
}()

// digest is the SHA-256 of the little-endian bytes of x, a slice of numbers.
func digest(t *testing.T, x any) string {
	t.Helper()
	var b bytes.Buffer
	if err := binary.Write(&b, binary.LittleEndian, x); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b.Bytes())
	return hex.EncodeToString(sum[:])
}

func mustKey(t *testing.T, s string) Key {
	t.Helper()
	k, err := ParseKey(s)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

const seven20 = 79792266297612001 // 7^20

func randInts(dst []int64, k Key, offset int) { RandInt64(dst, -6, seven20, k, offset) }

// drawn returns n elements of the fill, from offset on.
func drawn[T any](fill func(dst []T, k Key, offset int), n int, k Key, offset int) []T {
	x := make([]T, n)
	fill(x, k, offset)
	return x
}

func mask03(dst []uint8, k Key, offset int) { BernoulliMask(dst, 0.3, k, offset) }

func TestFillsEqualTheIndependentImplementation(t *testing.T) {
	k, n := mustKey(t, golden.Key), golden.N
	for _, c := range []struct {
		name string
		x    any
		want string
	}{
		{"Uint32", drawn(Uint32, n, k, 0), golden.Uint32},
		{"Uint64", drawn(Uint64, n, k, 0), golden.Uint64},
		{"Uniform32", drawn(Uniform32, n, k, 0), golden.Uniform32},
		{"Uniform64", drawn(Uniform64, n, k, 0), golden.Uniform64},
		{"Normal32", drawn(Normal32, n, k, 0), golden.Normal32},
		{"Normal64", drawn(Normal64, n, k, 0), golden.Normal64},
		{"BernoulliMask", drawn(mask03, n, k, 0), golden.Bernoulli},
		{"RandInt64", drawn(randInts, n, k, 0), golden.RandInt},
		{"Permutation", Permutation(n, k), golden.Permutation},
	} {
		if got := digest(t, c.x); got != c.want {
			t.Errorf("%s: digest %s, want %s", c.name, got, c.want)
		}
	}
	if got := drawn(Normal64, 4, k, 0); !slices.Equal(got, golden.Normal64First) {
		t.Errorf("Normal64 = %v, want %v", got, golden.Normal64First)
	}
	if got := Permutation(10, k); !slices.Equal(got, golden.Permutation10) {
		t.Errorf("Permutation = %v, want %v", got, golden.Permutation10)
	}
}

func TestGeneratorEqualsTheIndependentImplementation(t *testing.T) {
	g := New(7)
	for i, want := range golden.NextOfSeed7 {
		if got := g.Next().String(); got != want {
			t.Errorf("Next %d = %s, want %s", i, got, want)
		}
	}
	g = New(7)
	for i, want := range golden.DrawsOfSeed7 {
		if got := fmt.Sprint(g.Uint64()); got != want {
			t.Errorf("Uint64 %d = %s, want %s", i, got, want)
		}
	}
	if got := New(7).Split().Next().String(); got != golden.SplitOfSeed7Next {
		t.Errorf("Split().Next() = %s, want %s", got, golden.SplitOfSeed7Next)
	}
	if got := KeyAt(7, 1, 2).String(); got != golden.KeyAt7_1_2 {
		t.Errorf("KeyAt(7, 1, 2) = %s, want %s", got, golden.KeyAt7_1_2)
	}
}

// testSlices checks that any cut of the stream gives the bits of the whole, and writes nothing outside dst.
func testSlices[T comparable](t *testing.T, name string, fill func(dst []T, k Key, offset int), guard T) {
	t.Helper()
	k := KeyAt(3, 1)
	const n = 45
	for _, base := range []int{0, 1<<33 + 5} { // the second reaches into the upper half of the block index
		whole := drawn(fill, n, k, base)
		for lo := range n {
			for hi := lo; hi <= n; hi++ {
				x := make([]T, n+2)
				for i := range x {
					x[i] = guard
				}
				part := x[1 : 1+hi-lo]
				fill(part, k, base+lo)
				if !slices.Equal(part, whole[lo:hi]) {
					t.Fatalf("%s: elements [%d, %d) after %d differ from the whole", name, lo, hi, base)
				}
				if x[0] != guard || x[1+hi-lo] != guard {
					t.Fatalf("%s: elements [%d, %d) wrote outside dst", name, lo, hi)
				}
			}
		}
	}
}

func TestElementsDoNotDependOnTheCut(t *testing.T) {
	testSlices(t, "Uint32", Uint32, 77)
	testSlices(t, "Uint64", Uint64, 77)
	testSlices(t, "Uniform32", Uniform32, 77)
	testSlices(t, "Uniform64", Uniform64, 77)
	testSlices(t, "Normal32", Normal32, 77)
	testSlices(t, "Normal64", Normal64, 77)
	testSlices(t, "BernoulliMask", mask03, 77)
	testSlices(t, "Bernoulli32", func(d []float32, k Key, o int) { Bernoulli32(d, 0.3, 2, k, o) }, 77)
	testSlices(t, "Bernoulli64", func(d []float64, k Key, o int) { Bernoulli64(d, 0.3, 2, k, o) }, 77)
	testSlices(t, "RandInt64", randInts, -77)
}

func TestLastOffset(t *testing.T) {
	k := KeyAt(1)
	if got, want := drawn(Uint64, 1, k, math.MaxInt), drawn(Uint64, 2, k, math.MaxInt-1)[1]; got[0] != want {
		t.Errorf("element MaxInt is %x, want %x", got[0], want)
	}
	a, b := block64(k, useNext)
	x := drawn(Uint64, 2, k, math.MaxInt-1)
	if x[0] == a || x[1] == b {
		t.Error("the last elements of a stream are the first key of its generator")
	}
}

func TestBernoulliVariantsAgree(t *testing.T) {
	k := KeyAt(11)
	for _, p := range []float64{0, 0x1p-40, 0.25, 0.9, 1} {
		m := make([]uint8, 1000)
		a, b := make([]float32, 1000), make([]float64, 1000)
		BernoulliMask(m, p, k, 3)
		Bernoulli32(a, p, 1.25, k, 3)
		Bernoulli64(b, p, 1.25, k, 3)
		ones := 0
		for i := range m {
			ones += int(m[i])
			if m[i] > 1 || a[i] != 1.25*float32(m[i]) || b[i] != 1.25*float64(m[i]) {
				t.Fatalf("p=%v: element %d is %d, %v, %v", p, i, m[i], a[i], b[i])
			}
		}
		if p < 0x1p-33 && ones != 0 || p == 1 && ones != 1000 {
			t.Errorf("p=%v: %d ones of 1000", p, ones)
		}
	}
}

func TestRandInt64Ranges(t *testing.T) {
	for _, c := range [][2]int64{{0, 1}, {-3, 4}, {math.MinInt64, math.MaxInt64}, {math.MaxInt64 - 1, math.MaxInt64}, {-1 << 62, 1 << 62}} {
		low, high := int64(math.MaxInt64), int64(math.MinInt64)
		x := make([]int64, 2000)
		RandInt64(x, c[0], c[1], KeyAt(5), 0)
		for _, v := range x {
			low, high = min(low, v), max(high, v)
		}
		if low < c[0] || high >= c[1] {
			t.Errorf("[%d, %d): drew %d to %d", c[0], c[1], low, high)
		}
		// 2000 draws come within 1% of both ends but with probability 4e-9.
		if span := float64(c[1]) - float64(c[0]); float64(high)-float64(low) < 0.98*(span-1) {
			t.Errorf("[%d, %d): drew only %d to %d", c[0], c[1], low, high)
		}
	}
}

func TestLogAndCosSin(t *testing.T) {
	g := New(17)
	const ulp = 0x1p-52
	for i := range 200000 {
		u := g.Float64()
		switch i % 4 {
		case 1:
			u = math.Ldexp(u, -g.Intn(52))
		case 2:
			u = 1 - math.Ldexp(u, -g.Intn(50)) // next to 1, where log is next to 0
		}
		if u <= 0 || u >= 1 {
			continue
		}
		if got, want := log(u), math.Log(u); math.Abs(got-want) > 2*ulp*math.Abs(want) {
			t.Fatalf("log(%v) = %v, want %v", u, got, want)
		}
		angle := g.Uint64() >> g.Intn(64)
		c, s := cosSin(angle)
		// math.Sincos sees the rounded 2 pi angle: stay near 0, and turn by whole eighths, whose values are known.
		if angle < 1<<61 {
			ws, wc := math.Sincos(float64(angle) * 0x1p-64 * 2 * math.Pi)
			if math.Abs(c-wc) > 2*ulp || math.Abs(s-ws) > 2*ulp*ws {
				t.Fatalf("cosSin(%x) = %v, %v, want %v, %v", angle, c, s, wc, ws)
			}
		}
		if c2, s2 := cosSin(angle + 1<<62); math.Abs(c2+s) > ulp || math.Abs(s2-c) > ulp {
			t.Fatalf("cosSin(%x) and a quarter turn on: %v, %v and %v, %v", angle, c, s, c2, s2)
		}
	}
	for q, want := range [][2]float64{{1, 0}, {0, 1}, {-1, 0}, {0, -1}} {
		if c, s := cosSin(uint64(q) << 62); c != want[0] || s != want[1] {
			t.Errorf("cosSin(%d/4 turn) = %v, %v", q, c, s)
		}
	}
	for eighth := uint64(1); eighth < 8; eighth += 2 {
		c, s := cosSin(eighth << 61)
		if math.Abs(math.Abs(c)-math.Sqrt2/2) > ulp || math.Abs(math.Abs(s)-math.Sqrt2/2) > ulp {
			t.Errorf("cosSin(%d/8 turn) = %v, %v", eighth, c, s)
		}
	}
}

// The ends of the uniform input give finite numbers of the documented size.
func TestNormalExtremes(t *testing.T) {
	for _, angle := range []uint64{0, 1 << 62, 1 << 63, math.MaxUint64} {
		a, b := normal64(0, angle)
		if r := math.Hypot(a, b); math.Abs(r-math.Sqrt(2*53*math.Ln2)) > 1e-12 || r > 8.58 {
			t.Errorf("smallest radius uniform: %v, %v", a, b)
		}
		a, b = normal64(math.MaxUint64, angle)
		if r := math.Hypot(a, b); !(r > 0 && r < 2e-8) {
			t.Errorf("largest radius uniform: %v, %v", a, b)
		}
	}
	if r, _ := boxMuller(0.5*0x1p-32, 0); math.Abs(r-math.Sqrt(2*33*math.Ln2)) > 1e-12 || r > 6.77 {
		t.Errorf("largest Normal32 is %v", r)
	}
}

func TestBadArgumentsPanic(t *testing.T) {
	k, g := Key{}, New(0)
	for want, f := range map[string]func(){
		"offset is -1":              func() { Uniform32(nil, k, -1) },
		"offset is -2":              func() { Uniform64(nil, k, -2) },
		"p is 1.5":                  func() { BernoulliMask(nil, 1.5, k, 0) },
		"p is -0.1":                 func() { Bernoulli32(nil, -0.1, 1, k, 0) },
		"p is NaN":                  func() { Bernoulli64(nil, math.NaN(), 1, k, 0) },
		"range [3, 3) is empty":     func() { RandInt64(nil, 3, 3, k, 0) },
		"Permutation: n is -1":      func() { Permutation(-1, k) },
		"Shuffle: n is -1":          func() { Shuffle(-1, k, nil) },
		"Shuffle: n is -3":          func() { g.Shuffle(-3, nil) },
		"Perm: n is -1":             func() { g.Perm(-1) },
		"Intn: n is 0, want n > 0":  func() { g.Intn(0) },
		"Intn: n is -5, want n > 0": func() { g.Intn(-5) },
		"more than 2^62 draws": func() {
			g := New(0)
			g.SetState(State{Pos: maxPos})
			g.Next() // the last
			g.Next()
		},
	} {
		func() {
			defer func() {
				if v := recover(); !strings.Contains(fmt.Sprint(v), want) {
					t.Errorf("panicked with %v, want %q", v, want)
				}
			}()
			f()
		}()
	}
}

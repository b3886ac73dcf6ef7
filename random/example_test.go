package random_test

import (
	"fmt"

	"github.com/hadal-go/hadal/random"
)

// A mask cut in two, as two workers would draw it, is the mask drawn at once.
func Example() {
	g := random.New(1)
	k := g.Next() // what an op stores
	whole, halves := make([]uint8, 10), make([]uint8, 10)
	random.BernoulliMask(whole, 0.5, k, 0)
	random.BernoulliMask(halves[:3], 0.5, k, 0)
	random.BernoulliMask(halves[3:], 0.5, k, 3)
	fmt.Println(string(fmt.Append(nil, whole)) == string(fmt.Append(nil, halves)))
	// Output: true
}

// The order of sample 17's augmentation depends on the seed, the epoch and the sample alone.
func ExampleKeyAt() {
	const seed, epoch, sample = 42, 3, 17
	g := random.FromKey(random.KeyAt(seed, epoch, sample))
	again := random.FromKey(random.KeyAt(seed, epoch, sample))
	fmt.Println(g.Intn(1000) == again.Intn(1000))
	// Output: true
}

// A checkpoint stores the generator as text.
func ExampleGenerator_MarshalText() {
	g := random.New(255)
	g.Float64()
	text, _ := g.MarshalText()
	fmt.Println(string(text))

	var resumed random.Generator
	if err := resumed.UnmarshalText(text); err != nil {
		fmt.Println(err)
	}
	fmt.Println(resumed.Next() == g.Next())
	// Output:
	// philox4x32-10:000000000000000000000000000000ff:1
	// true
}

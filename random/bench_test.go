package random

import "testing"

const benchLen = 1 << 14

func benchFill[T any](b *testing.B, size int64, fill func(dst []T, k Key, offset int)) {
	dst := make([]T, benchLen)
	b.SetBytes(size * benchLen)
	for b.Loop() {
		fill(dst, Key{}, 0)
	}
}

func BenchmarkFill(b *testing.B) {
	b.Run("Uint32", func(b *testing.B) { benchFill(b, 4, Uint32) })
	b.Run("Uint64", func(b *testing.B) { benchFill(b, 8, Uint64) })
	b.Run("Uniform32", func(b *testing.B) { benchFill(b, 4, Uniform32) })
	b.Run("Uniform64", func(b *testing.B) { benchFill(b, 8, Uniform64) })
	b.Run("Normal32", func(b *testing.B) { benchFill(b, 4, Normal32) })
	b.Run("Normal64", func(b *testing.B) { benchFill(b, 8, Normal64) })
	b.Run("BernoulliMask", func(b *testing.B) { benchFill(b, 1, mask03) })
	b.Run("Bernoulli32", func(b *testing.B) {
		benchFill(b, 4, func(d []float32, k Key, o int) { Bernoulli32(d, 0.3, 1, k, o) })
	})
	b.Run("RandInt64", func(b *testing.B) { benchFill(b, 8, randInts) })
}

func BenchmarkGenerator(b *testing.B) {
	g := New(1)
	b.Run("Next", func(b *testing.B) {
		for b.Loop() {
			g.Next()
		}
	})
	b.Run("Float64", func(b *testing.B) {
		for b.Loop() {
			g.Float64()
		}
	})
	b.Run("NormFloat64", func(b *testing.B) {
		for b.Loop() {
			g.NormFloat64()
		}
	})
	b.Run("Intn", func(b *testing.B) {
		for b.Loop() {
			g.Intn(1000)
		}
	})
}

func BenchmarkPermutation(b *testing.B) {
	for b.Loop() {
		Permutation(60000, Key{})
	}
}

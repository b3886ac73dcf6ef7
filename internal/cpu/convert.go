package cpu

import "github.com/hadal-go/hadal/internal/parallel"

// Convert computes dst[i] = f(src[i]).
func Convert[D, S any](dst []D, src []S, f func(S) D) {
	parallel.For(len(dst), grainCheap, func(lo, hi int) {
		s := src[lo:hi]
		for i, v := range s {
			dst[lo+i] = f(v)
		}
	})
}

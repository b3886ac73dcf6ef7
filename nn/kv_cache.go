package nn

import (
	"fmt"

	"github.com/hadal-go/hadal/tensor"
)

// KVCache keeps the keys and values of the positions that an attention layer has seen, so that a new position is computed
// alone. Its memory is allocated once: (N, H, MaxLen, E) for keys and as much for values.
type KVCache struct {
	k, v *tensor.Buffer
	n    int
}

// KVCacheConfig are the options of NewKVCache.
type KVCacheConfig struct {
	DType  tensor.DType // a floating-point type
	VHead  int          // elements of a value; 0: as many as of a key
	Device tensor.Device
}

// NewKVCache returns an empty cache for batch samples, heads key heads and at most maxLen positions of head elements each. It
// panics with ErrValue unless the numbers are positive and the dtype is floating-point.
func NewKVCache(batch, heads, maxLen, head int, cfg KVCacheConfig) *KVCache {
	if cfg.VHead == 0 {
		cfg.VHead = head
	}
	if min(batch, heads, maxLen, head, cfg.VHead) < 1 {
		tensor.Fail("kv_cache", tensor.ErrValue, nil, "the batch %d, the heads %d, the positions %d and the elements %d and %d must be positive", batch, heads, maxLen, head, cfg.VHead)
	}
	if !cfg.DType.IsFloat() {
		tensor.Fail("kv_cache", tensor.ErrValue, nil, "keys and values are floating-point numbers; %v is not", cfg.DType)
	}
	f := tensor.With(cfg.DType)
	if cfg.Device != nil {
		f = f.On(cfg.Device)
	}
	return &KVCache{k: tensor.NewBuffer(f.Zeros(batch, heads, maxLen, head)), v: tensor.NewBuffer(f.Zeros(batch, heads, maxLen, cfg.VHead))}
}

// Len returns the number of positions in the cache.
func (c *KVCache) Len() int { return c.n }

// MaxLen returns the number of positions that the cache has room for.
func (c *KVCache) MaxLen() int { return c.k.Dim(2) }

// Keys returns the keys of all positions, (N, H, Len, E), a view of the cache's memory.
func (c *KVCache) Keys() *tensor.Tensor { return c.k.Narrow(2, 0, c.n) }

// Values returns the values of all positions, (N, H, Len, EV), a view of the cache's memory.
func (c *KVCache) Values() *tensor.Tensor { return c.v.Narrow(2, 0, c.n) }

// Append adds the keys k (N, H, L, E) and values v (N, H, L, EV) of the next L positions. It copies them: no gradient flows
// back. It returns an error, and changes nothing, when there is no room. It panics with ErrShape where the shapes do not
// fit the cache's and with ErrDType where the dtypes do not.
func (c *KVCache) Append(k, v *tensor.Tensor) error {
	for _, p := range [][2]*tensor.Tensor{{k, c.k.Tensor}, {v, c.v.Tensor}} {
		in, cache := p[0], p[1]
		if in.Rank() != 4 || in.Shape().With(2, 0) != cache.Shape().With(2, 0) || in.Dim(2) != k.Dim(2) {
			tensor.Fail("kv_cache", tensor.ErrShape, []tensor.Shape{k.Shape(), v.Shape(), cache.Shape()}, "keys and values must have the cache's sizes but for the positions, as many of one as of the other")
		}
		if in.DType() != cache.DType() {
			tensor.Fail("kv_cache", tensor.ErrDType, []tensor.Shape{in.Shape()}, "the cache holds %v, not %v; set DType in its config", cache.DType(), in.DType())
		}
	}
	if n := c.n + k.Dim(2); n > c.MaxLen() {
		return fmt.Errorf("the key-value cache is full: %d positions and %d more, it has room for %d", c.n, k.Dim(2), c.MaxLen())
	}
	for _, p := range []struct {
		to   *tensor.Buffer
		from *tensor.Tensor
	}{{c.k, k}, {c.v, v}} {
		switch p.to.DType() {
		case tensor.Float64:
			appendTo[float64](p.to, p.from, c.n)
		case tensor.BFloat16:
			appendTo[tensor.BF16](p.to, p.from, c.n)
		case tensor.Float16:
			appendTo[tensor.F16](p.to, p.from, c.n)
		default:
			appendTo[float32](p.to, p.from, c.n)
		}
	}
	c.n += k.Dim(2)
	return nil
}

// appendTo copies x (N, H, L, E) to positions at, at+1, ... of the buffer.
func appendTo[T tensor.Elem](to *tensor.Buffer, x *tensor.Tensor, at int) {
	rows, size := x.Dim(2)*x.Dim(3), to.Dim(2)*to.Dim(3)
	if x.Device() == tensor.Meta {
		return
	}
	tensor.Read(x.Detach(), func(x []T) {
		to.Update(func(data tensor.View) {
			d := tensor.Slice[T](data)
			for i := range len(x) / max(1, rows) {
				copy(d[i*size+at*to.Dim(3):], x[i*rows:(i+1)*rows])
			}
		})
	})
}

// Truncate forgets all but the first n positions; Truncate(0) empties the cache. Tensors that Keys and Values returned
// before see what is appended later. It panics with ErrValue unless there are n positions.
func (c *KVCache) Truncate(n int) {
	if n < 0 || n > c.n {
		tensor.Fail("kv_cache", tensor.ErrValue, nil, "the cache holds %d positions, it cannot keep %d", c.n, n)
	}
	c.n = n
}

// Reorder makes sample i what sample idx[i] was, as beam search does with the beams that it keeps. It panics with ErrIndex
// on an index that is not one of a sample and with ErrShape unless there are N.
func (c *KVCache) Reorder(idx *tensor.Tensor) {
	if idx.Shape() != tensor.ShapeOf(c.k.Dim(0)) {
		tensor.Fail("kv_cache", tensor.ErrShape, []tensor.Shape{idx.Shape(), c.k.Shape()}, "there must be one index a sample")
	}
	c.k.CopyFrom(c.k.IndexSelect(0, idx))
	c.v.CopyFrom(c.v.IndexSelect(0, idx))
}

package imagefolder

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"sync"
	"sync/atomic"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/tensor"
)

// store decodes files and keeps what was decoded as long as there is room. All pictures are seen equally often in training, so that the
// first ones are as good to keep as any.
type store struct {
	files   []file
	fit     imageset.Fit
	workers int
	cache   []atomic.Pointer[[]uint8]
	room    atomic.Int64 // bytes that may still be kept
	decoded atomic.Int64 // pictures decoded so far, for tests
}

func newStore(files []file, cfg Config) *store {
	s := &store{files: files, fit: cfg.Fit, workers: cfg.Workers, cache: make([]atomic.Pointer[[]uint8], len(files))}
	s.room.Store(cfg.CacheBytes)
	return s
}

// each calls f with every file of the list, on several goroutines. It stops at f's first error and at the end of ctx.
func (s *store) each(ctx context.Context, list []int, f func(i int, pix []uint8, err error) error) error {
	return s.parallel(ctx, len(list), func(k int) error {
		pix, err := s.pixels(list[k])
		return f(list[k], pix, err)
	})
}

// parallel calls f with 0 to n-1 on several goroutines, until one returns an error or ctx ends.
func (s *store) parallel(ctx context.Context, n int, f func(k int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(s.workers, n) {
		workers.Go(func() {
			for ctx.Err() == nil {
				k := int(next.Add(1)) - 1
				if k >= n {
					return
				}
				if err := f(k); err != nil {
					cancel(err)
				}
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}

// readHeaders completes fit from the pictures' sizes and colours. It returns an error for each file that is no picture, nil for the others.
func (s *store) readHeaders(ctx context.Context) (bad []error, err error) {
	bad = make([]error, len(s.files))
	sizes, grey := make([]image.Point, len(s.files)), make([]bool, len(s.files))
	err = s.parallel(ctx, len(s.files), func(i int) error {
		cfg, err := header(s.files[i].path)
		if err != nil {
			bad[i] = err
			return nil
		}
		sizes[i] = image.Pt(cfg.Width, cfg.Height)
		grey[i] = cfg.ColorModel == color.GrayModel || cfg.ColorModel == color.Gray16Model
		return nil
	})
	if err != nil {
		return nil, err
	}
	var one image.Point
	same, allGrey := true, true
	for i, size := range sizes {
		if bad[i] != nil {
			continue
		}
		if one == (image.Point{}) {
			one = size
		}
		same, allGrey = same && size == one, allGrey && grey[i]
	}
	if s.fit.Height == 0 {
		s.fit.Height, s.fit.Width = 64, 64
		if same && one.X > 0 && max(one.X, one.Y) <= 256 {
			s.fit.Height, s.fit.Width = one.Y, one.X
		}
	}
	if s.fit.Channels == 0 {
		s.fit.Channels = 3
		if allGrey {
			s.fit.Channels = 1
		}
	}
	return bad, nil
}

// decodeAll decodes all files that are not bad and notes those that are.
func (s *store) decodeAll(ctx context.Context, bad []error) error {
	return s.parallel(ctx, len(s.files), func(i int) error {
		if bad[i] == nil {
			_, bad[i] = s.pixels(i)
		}
		return nil
	})
}

// pixels returns the bytes (H, W, C) of a file.
func (s *store) pixels(i int) ([]uint8, error) {
	if kept := s.cache[i].Load(); kept != nil {
		return *kept, nil
	}
	s.decoded.Add(1)
	var pix []uint8
	err := imageset.Use(s.files[i].path, func(img image.Image) error { pix = s.fit.Pixels(img); return nil })
	if err != nil {
		return nil, err
	}
	if s.room.Add(-int64(len(pix))) >= 0 {
		s.cache[i].Store(&pix)
	} else {
		s.room.Add(int64(len(pix)))
	}
	return pix, nil
}

func (s *store) gather(ctx context.Context, p *Pictures, indices []int) (b dataset.Batch, err error) {
	f := s.fit
	n := f.Height * f.Width
	x, y := make([]float32, len(indices)*f.Channels*n), make([]int64, len(indices))
	for k, i := range indices {
		if err := ctx.Err(); err != nil {
			return b, err
		}
		if i < 0 || i >= len(p.files) {
			tensor.Fail("imagefolder", tensor.ErrIndex, nil, "there is no picture %d: there are %d, numbered from 0", i, len(p.files))
		}
		pix, err := s.pixels(p.files[i])
		if err != nil {
			return b, err
		}
		y[k] = int64(s.files[p.files[i]].class)
		for c := range f.Channels {
			plane := x[(k*f.Channels+c)*n:][:n]
			values := &p.values[c]
			for j := range plane {
				plane[j] = values[pix[j*f.Channels+c]]
			}
		}
	}
	return dataset.Batch{X: tensor.Of(x, len(indices), f.Channels, f.Height, f.Width), Y: tensor.Of(y)}, nil
}

func header(path string) (image.Config, error) {
	f, err := imageset.Open(path)
	if err != nil {
		return image.Config{}, err
	}
	defer f.Close()
	cfg, err := imageset.DecodeConfig(f)
	if err != nil {
		return cfg, fmt.Errorf("%s %w", path, err)
	}
	return cfg, nil
}

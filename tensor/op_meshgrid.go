package tensor

// Meshgrid returns the grids of coordinates that vectors span: for inputs of sizes N₀, N₁, ..., each result has the shape
// (N₀, N₁, ...) and result i has ts[i] along dimension i and repeats it along the others, as views. With indexing "xy" the
// first two dimensions are exchanged, (N₁, N₀, ...), as for the columns and rows of a picture; "ij" is the order of the
// inputs. Scalars count as vectors of one element. It panics with ErrValue on another indexing and with ErrShape on inputs
// of more dimensions, none or more than MaxRank of them.
func Meshgrid(indexing string, ts ...*Tensor) []*Tensor {
	if indexing != "ij" && indexing != "xy" {
		Fail("meshgrid", ErrValue, nil, `the indexing must be "ij" or "xy", not %q`, indexing)
	}
	if len(ts) == 0 || len(ts) > MaxRank {
		Fail("meshgrid", ErrShape, nil, "%d inputs; give 1 to %d vectors", len(ts), MaxRank)
	}
	dims := make([]int, len(ts))
	for i, t := range ts {
		if t.shape.rank > 1 {
			Fail("meshgrid", ErrShape, []Shape{t.shape}, "input %d must be a vector or a scalar", i)
		}
		dims[i] = t.Numel()
	}
	s := ShapeOf(dims...)
	grids := make([]*Tensor, len(ts))
	for i, t := range ts {
		along := make([]int, len(ts))
		for k := range along {
			along[k] = 1
		}
		along[i] = dims[i]
		grids[i] = t.Reshape(along...).ExpandTo(s)
		if indexing == "xy" && len(ts) > 1 {
			grids[i] = grids[i].Transpose(0, 1)
		}
	}
	return grids
}

package cpu

//go:generate sh -c "cd _asm && go run ./columns -out ../columns_amd64.s -stubs ../columns_stubs_amd64.go -pkg cpu"

// SumColumns adds rows of len(sum) float32 elements, stride apart, to the sums in float64, one row after the other, for as
// many columns as it returns:
//
//	sum[j] += float64(x[i*stride+j])   for i < rows
func SumColumns[T, A any](sum []A, x []T, stride, rows int) int {
	s, okS := any(sum).([]float64)
	f, okX := any(x).([]float32)
	n := len(sum) &^ 7
	if !okS || !okX || n == 0 || rows == 0 || stride < 0 || inUse() == implGo {
		return 0
	}
	_ = f[(rows-1)*stride+n-1]
	// Short calls: the garbage collector waits for assembly.
	const most = 1 << 15
	group := max(4, most/n&^3)
	for i := 0; i < rows; i += group {
		sumColumns(s[:n], f[i*stride:], stride, min(group, rows-i))
	}
	return n
}

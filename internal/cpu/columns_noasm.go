//go:build !amd64 || noasm

package cpu

func sumColumns(sum []float64, x []float32, stride, rows int) {
	for i := range rows {
		for j, v := range x[i*stride:][:len(sum)] {
			sum[j] += float64(v)
		}
	}
}

//go:build !linux

package mem

var defaultSystem = goHeap

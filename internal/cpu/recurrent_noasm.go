//go:build !amd64 || noasm

package cpu

func activateVector[T Float](Code, []T, []T) int { return 0 }

func lstmCellVector[T Float](_, _, _, _, _, _ []T) int { return 0 }

func gruCellVector[T Float](_, _, _, _, _, _, _ []T) int { return 0 }

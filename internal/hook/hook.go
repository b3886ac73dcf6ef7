// Package hook lets the conformance suite see which ops run and how.
package hook

import "sync/atomic"

// DeferLeast is the number of elements from which on elementwise ops are put off until their result is read.
var DeferLeast atomic.Int64

func init() { DeferLeast.Store(4096) }

// Apply, when set, is called after every op that ran: in and out are []*tensor.Tensor, in as Run saw them, out with the
// saved values behind the results. It may be called from several goroutines and must not keep the slices.
var Apply atomic.Pointer[func(op, in, out any)]

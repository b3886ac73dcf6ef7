package parallel

import (
	"fmt"
	"runtime/debug"
)

// Panic is what a loop panics with when a body panicked with a value that does not ask to be kept (KeepPanic).
type Panic struct {
	Value any    // what the body panicked with
	Stack []byte // the stack of the goroutine that panicked, as debug.Stack prints it
}

// Error is String followed by the stack: what Go prints when nothing recovers the panic.
func (p *Panic) Error() string { return fmt.Sprintf("%s\n\n%s", p.String(), p.Stack) }

// String is the panic's value in one line of context, without the stack.
func (p *Panic) String() string { return fmt.Sprintf("panic in a parallel loop: %v", p.Value) }

// Unwrap returns Value if that is an error, so that errors.Is and errors.As see it.
func (p *Panic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// KeepPanic marks values that loops pass on unchanged: a Panic from an inner loop is not wrapped twice.
func (p *Panic) KeepPanic() {}

// wrap must run before the panicking stack is gone: inside the deferred function that recovered v.
func wrap(v any) any {
	if _, ok := v.(interface{ KeepPanic() }); ok {
		return v
	}
	return &Panic{Value: v, Stack: debug.Stack()}
}

// Recovered returns what another goroutine should panic with for what recover returned in this one; nil for nil. It must run
// inside the deferred function that recovered.
func Recovered(v any) any {
	if v == nil {
		return nil
	}
	return wrap(v)
}

// repanic is deferred where bodies run without a helper, so that a panic has the same type as in a shared loop.
func repanic() {
	if v := recover(); v != nil {
		panic(wrap(v))
	}
}

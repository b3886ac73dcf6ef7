// Command hadal trains, evaluates and inspects models.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"reflect"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"

	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/recipes"
	_ "github.com/hadal-go/hadal/recipes/all"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

// The exit statuses, besides 0.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

type cli struct {
	JSON    bool `name:"json" help:"Write one JSON object a line to standard output."`
	Threads int  `help:"Threads that compute; 0: all." default:"0"`

	Train      trainCmd                  `cmd:"" help:"Train a recipe's model; leaves a run folder."`
	Eval       evalCmd                   `cmd:"" help:"Measure a run's model on its test set."`
	Predict    predictCmd                `cmd:"" help:"Classify pictures with a run's model."`
	List       listCmd                   `cmd:"" help:"List the recipes."`
	Summary    summaryCmd                `cmd:"" help:"Print a recipe's model: layers, shapes, parameters, FLOPs."`
	Data       dataCmd                   `cmd:"" help:"List, fetch and find data sets."`
	Version    versionCmd                `cmd:"" help:"Print version and kernels."`
	Completion kongcompletion.Completion `cmd:"" help:"Print how to turn on tab completion for your shell."`
}

// app is what commands write to and are told by.
type app struct {
	ctx      context.Context
	out, err io.Writer
	json     bool
	threads  int
	selected any // the options of the selected recipe, if the command has one
	flags    map[string]bool
}

// usageError is a mistake on the command line.
type usageError struct{ error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the process at once
	}()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run executes a command line and returns the exit status. It prints one line for every mistake that is the user's; a
// panic, which is ours, goes to a file that the line names.
func run(ctx context.Context, args []string, out, errOut io.Writer) (status int) {
	defer func() {
		if p := recover(); p != nil {
			status = crash(p, errOut)
		}
	}()
	var c cli
	c.Train.Plugins = recipeCommands()
	c.Summary.Plugins = recipeCommands()
	parser, err := kong.New(&c,
		kong.Name("hadal"),
		kong.Description("Deep learning in Go: train, evaluate and inspect models."),
		kong.Writers(out, errOut),
		kong.Exit(func(code int) { status = code; panic(exited{}) }), // after --help,
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.UsageOnError(),
	)
	if err != nil {
		panic(err)
	}
	defer func() {
		switch p := recover().(type) {
		case nil, exited:
		default:
			panic(p)
		}
	}()
	kongcompletion.Register(parser)
	k, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(errOut, "hadal: %v\n", oneLine(err))
		return exitUsage
	}
	if err := cpu.EnvError(); err != nil {
		fmt.Fprintf(errOut, "hadal: %v\n", err)
		return exitUsage
	}
	parallel.SetWorkers(c.Threads)
	a := &app{ctx: ctx, out: out, err: errOut, json: c.JSON, threads: c.Threads, flags: map[string]bool{}}
	if n := k.Selected(); n != nil {
		if _, ok := n.Target.Addr().Interface().(recipes.Recipe); ok {
			a.selected = n.Target.Addr().Interface()
		}
		for _, f := range k.Flags() {
			a.flags[f.Name] = f.Set
		}
	}
	return report(k.Run(a), errOut)
}

type exited struct{}

// report prints an error and returns the exit status that stands for it.
func report(err error, w io.Writer) int {
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, train.ErrInterrupted):
		fmt.Fprintln(w, "hadal: interrupted; the run is saved, continue it with --resume")
		return exitInterrupted
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(w, "hadal: interrupted")
		return exitInterrupted
	case errors.As(err, &usage):
		fmt.Fprintf(w, "hadal: %v\n", oneLine(err))
		return exitUsage
	}
	fmt.Fprintf(w, "hadal: %v\n", oneLine(err))
	return exitFailed
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// crash writes a bug's stack to a file and says where.
func crash(p any, w io.Writer) int {
	if e, ok := p.(*tensor.Error); ok { // no boundary caught it, but it is still one line
		fmt.Fprintf(w, "hadal: %v\n", e)
		return exitFailed
	}
	name := filepath.Join(os.TempDir(), fmt.Sprintf("hadal-crash-%d.txt", os.Getpid()))
	text := fmt.Sprintf("%v\n\nversion %s\n\n%s", p, version(), debug.Stack())
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		name = "standard error"
		fmt.Fprint(w, text)
	}
	fmt.Fprintf(w, "hadal: this is a bug in hadal; what happened is in %s\n", name)
	return exitFailed
}

// recipeCommands returns a struct with a command for each recipe, whose flags are the recipe's options.
func recipeCommands() kong.Plugins {
	var fields []reflect.StructField
	for i, e := range recipes.All() {
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprintf("Recipe%d", i),
			Type: reflect.TypeOf(e.New()).Elem(),
			Tag:  reflect.StructTag(fmt.Sprintf(`cmd:"" name:%q help:%q`, e.Name, strings.ToUpper(e.Title[:1])+e.Title[1:]+".")),
		})
	}
	return kong.Plugins{reflect.New(reflect.StructOf(fields)).Interface()}
}

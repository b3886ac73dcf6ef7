// Command hadal trains, evaluates and inspects models.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"
	"golang.org/x/term"

	"github.com/hadal-go/hadal/dataset/sets"
	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/recipes"
	_ "github.com/hadal-go/hadal/recipes/all"
)

// The exit statuses, besides 0.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

type cli struct {
	JSON    bool    `name:"json" help:"Write one JSON object a line to standard output."`
	Threads threads `help:"Threads that compute; 0: all. They never change a result." default:"0"`

	Train      trainCmd      `cmd:"" help:"Train a recipe's model; leaves a run folder."`
	Eval       evalCmd       `cmd:"" help:"Measure a run's model on its test set."`
	Predict    predictCmd    `cmd:"" help:"Classify pictures, or predict the rows of a CSV file, with a run's model."`
	Explain    explainCmd    `cmd:"" help:"Draw what in a picture a run's model goes by: one picture with saliency, occlusion, Grad-CAM and more."`
	List       listCmd       `cmd:"" help:"List the recipes."`
	Models     modelsCmd     `cmd:"" help:"List the classifiers of pictures: size, parameters, FLOPs, source."`
	Summary    summaryCmd    `cmd:"" help:"Print a model, or that of a recipe: layers, shapes, parameters, FLOPs."`
	Conv       convCmd       `cmd:"" help:"Reckon with convolutions: sizes, parameters, multiply-adds, receptive fields, with the formulas filled in."`
	Data       dataCmd       `cmd:"" help:"List, fetch and find data sets."`
	Card       cardCmd       `cmd:"" help:"Print a run's model card: what it is, saw and reached, and what its makers have to add."`
	Verify     verifyCmd     `cmd:"" help:"Check the catalog's methods against what each must reach."`
	Bench      benchCmd      `cmd:"" help:"Measure operations, training steps and inferences."`
	Version    versionCmd    `cmd:"" help:"Print version and kernels."`
	Completion completionCmd `cmd:"" help:"Print how to turn on tab completion for your shell."`
}

// threads is a number of threads.
type threads int

// Validate is called by kong.
func (n threads) Validate() error {
	if most := 1024; n < 0 || int(n) > most {
		return fmt.Errorf("%d threads: give 1 to %d, or 0 for all processors", n, most)
	}
	return nil
}

// app is what commands write to and are told by.
type app struct {
	ctx    context.Context
	out    *output
	err    io.Writer
	json   bool
	recipe recipes.Recipe // with its options, if the command has one
	model  *modelOptions  // likewise, of a model
	name   string         // of the recipe or model
	flags  []*kong.Flag   // that the command line gave
}

// usageError is a mistake on the command line.
type usageError struct{ error }

// interruptedError is a training run that a signal stopped and that can be continued.
type interruptedError struct{ resume string }

func (e interruptedError) Error() string {
	return "interrupted; the run is saved, continue it with: " + e.resume
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// output is standard output, with the first error of writing to it.
type output struct {
	io.Writer
	err error
}

func (o *output) Write(b []byte) (n int, err error) {
	if n, err = o.Writer.Write(b); err == nil {
		return n, nil
	}
	if cause := errors.Unwrap(err); cause != nil { // without the operation and the name
		err = cause
	}
	if o.err == nil {
		o.err = fmt.Errorf("standard output cannot be written: %w", err)
	}
	return n, o.err
}

// line writes v as one line of JSON.
func (o *output) line(v any) error {
	e := json.NewEncoder(o)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// columns returns the width of the terminal, or 0 when the output is none, so that nobody watches a bar.
func (o *output) columns() int {
	f, ok := o.Writer.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	w, _, err := term.GetSize(int(f.Fd()))
	if err != nil || w < 1 {
		return 80
	}
	return w
}

// run executes a command line and returns the exit status. It prints one line for every mistake that is the user's; a
// panic, which is ours, goes to a file that the line names.
func run(ctx context.Context, args []string, out, errOut io.Writer) (status int) {
	defer func() {
		if p := recover(); p != nil {
			status = crash(p, errOut)
		}
	}()
	defer func() {
		switch p := recover().(type) {
		case nil, exited:
		default:
			panic(p)
		}
	}()
	a := &app{ctx: ctx, out: &output{Writer: out}, err: errOut}
	var c cli
	c.Train.Plugins = recipeCommands()
	c.Summary.Plugins = append(recipeCommands(), modelCommands()...)
	parser, err := kong.New(&c,
		kong.Name("hadal"),
		kong.Description("Deep learning in Go: train, evaluate and inspect models."),
		kong.Writers(a.out, errOut),
		kong.Exit(func(code int) { status = code; panic(exited{}) }), // after --help
		kong.Vars{"cards": strings.Join(sets.CardNames(), ", ")},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		panic(err)
	}
	kongcompletion.Register(parser)
	k, err := parser.Parse(args)
	if err != nil {
		return report(misused(err), errOut)
	}
	if err := cpu.EnvError(); err != nil {
		return report(usageError{err}, errOut)
	}
	parallel.SetWorkers(int(c.Threads))
	a.json = c.JSON
	selected := k.Selected()
	a.recipe, _ = selected.Target.Addr().Interface().(recipes.Recipe)
	a.model, _ = selected.Target.Addr().Interface().(*modelOptions)
	a.name = selected.Name
	for _, p := range k.Path {
		if p.Flag != nil { // Flag.Set is true for defaults too
			a.flags = append(a.flags, p.Flag)
		}
	}
	err = k.Run(a)
	if err == nil {
		err = a.out.err
	}
	return report(err, errOut)
}

// misused explains what the parser could not make sense of.
func misused(err error) error {
	text, command := oneLine(err), "hadal"
	var p *kong.ParseError
	if errors.As(err, &p) && p.Context != nil && p.Context.Selected() != nil {
		n := p.Context.Selected()
		command = n.FullPath()
		if c, ok := n.Target.Addr().Interface().(chooser); ok {
			text = strings.Replace(text, "unexpected argument", "there is no "+c.chooses(), 1)
		}
	}
	return usageError{fmt.Errorf("%s; see %s --help", text, command)}
}

// chooser is a command that does something with a recipe, or what else it says, which is its subcommand.
type chooser interface{ chooses() string }

// needRecipe returns an error if the command line names no recipe, or what else the command does something with.
func (a *app) needRecipe(command, what string) error {
	if a.recipe == nil {
		return usageError{fmt.Errorf("%s needs a %s; see hadal %s --help", command, what, command)}
	}
	return nil
}

type exited struct{}

// report prints an error and returns the exit status that stands for it.
func report(err error, w io.Writer) int {
	if err == nil {
		return 0
	}
	var usage usageError
	var stopped interruptedError
	switch {
	case errors.As(err, &usage):
		fmt.Fprintf(w, "hadal: %v\n", oneLine(err))
		return exitUsage
	case errors.As(err, &stopped):
		fmt.Fprintf(w, "hadal: %v\n", stopped)
		return exitInterrupted
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(w, "hadal: interrupted")
		return exitInterrupted
	}
	fmt.Fprintf(w, "hadal: %v\n", oneLine(err))
	return exitFailed
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// crash ends a command that panicked. What is not our bug, such as a lack of memory, is one line; a bug's stack goes to a
// file that the line names.
func crash(p any, w io.Writer) int {
	if err := mistake(p); err != nil {
		return report(err, w)
	}
	text := fmt.Sprintf("%v\n\nhadal %s, %s, %s/%s, kernels %s\n\n%s", p, version(), runtime.Version(), runtime.GOOS, runtime.GOARCH, cpu.Current(), debug.Stack())
	name, err := crashFile(text)
	if err != nil {
		fmt.Fprint(w, text)
		name = "the lines above"
	}
	fmt.Fprintf(w, "hadal: this is a bug in hadal, not a mistake of yours: please report it with %s\n", name)
	return exitFailed
}

// mistake returns the error that a panic's value is if the user can mend it, such as a wrong shape or a lack of memory.
func mistake(p any) error {
	if _, bug := p.(*parallel.Panic); bug {
		return nil
	}
	err, _ := p.(interface {
		error
		KeepPanic()
	})
	return err
}

// crashFile writes a file with a name that nobody can guess, since the folder may be everybody's.
func crashFile(text string) (name string, err error) {
	f, err := os.CreateTemp("", "hadal-crash-*.txt")
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(text)
	return f.Name(), errors.Join(err, f.Close())
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

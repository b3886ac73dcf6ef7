package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/train"
)

func crcOf(b []byte) []byte { return binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(b)) }

// idxFile is an idx file of unsigned bytes, compressed.
func idxFile(data []byte, dims ...int) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte{0, 0, 8, byte(len(dims))})
	for _, d := range dims {
		z.Write(binary.BigEndian.AppendUint32(nil, uint32(d)))
	}
	z.Write(data)
	z.Close()
	return b.Bytes()
}

// clothes makes a data folder with a tiny data set in the place of Fashion-MNIST, 200 and 50 pictures of noise, and
// returns it.
func clothes(t *testing.T, dir string, seed uint64) string {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 0))
	for prefix, n := range map[string]int{"train": 200, "t10k": 50} {
		pix, labels := make([]byte, n*28*28), make([]byte, n)
		for i := range labels {
			labels[i] = byte(i % 10)
		}
		for i := range pix {
			pix[i] = byte(r.IntN(256))
		}
		writeFile(t, filepath.Join(dir, "fashion-mnist", prefix+"-images-idx3-ubyte.gz"), idxFile(pix, n, 28, 28))
		writeFile(t, filepath.Join(dir, "fashion-mnist", prefix+"-labels-idx1-ubyte.gz"), idxFile(labels, n))
	}
	return dir
}

// left returns the files below a folder.
func left(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && path != dir {
			names = append(names, strings.TrimPrefix(path, dir+string(filepath.Separator)))
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return names
}

func TestUsage(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "run")
	for _, c := range []struct {
		args string
		want []string
	}{
		{"", []string{`expected one of "train"`, "see hadal --help"}},
		{"trian", []string{"trian", `did you mean "train"?`}},
		{"train", []string{"needs a recipe", "see hadal train --help"}},
		{"summary", []string{"needs a recipe or model", "see hadal summary --help"}},
		{"train nope", []string{"there is no recipe nope", "see hadal train --help"}},
		{"train lennet", []string{"there is no recipe lennet", `did you mean "lenet"?`}},
		{"summary ml", []string{"there is no recipe or model ml", `did you mean "mlp"?`}},
		{"train lenet more", []string{"unexpected argument more", "see hadal train lenet --help"}},
		{"train lenet --epohcs 3", []string{"unknown flag --epohcs", `did you mean "--epochs"?`}},
		{"train lenet --epochs x", []string{"--epochs", `"x"`}},
		{"train lenet --epochs 0.5", []string{"--epochs", `"0.5"`}},
		{"train lenet --epochs 99999999999999999999", []string{"--epochs"}},
		{"train lenet --epochs=-1", []string{"--epochs -1", "not negative"}},
		{"train lenet --epochs", []string{"--epochs"}},
		{"train lenet --data nope", []string{"--data", `"digits","fashion-mnist","mnist"`, `"nope"`}},
		{"train mlp --batch-size 0", []string{"--batch-size 0", "above 0"}},
		{"train mlp --batch-size=-8", []string{"--batch-size -8", "not negative"}},
		{"train mlp --batch-size -8", []string{"--batch-size", `"-8"`}},
		{"train lenet --lr=-1", []string{"--lr -1", "not negative"}},
		{"train lenet --lr -1", []string{"--lr", `"-1"`}},
		{"train lenet --lr 0", []string{"--lr 0", "above 0"}},
		{"train lenet --lr NaN", []string{"--lr NaN", "finite"}},
		{"train lenet --lr Inf", []string{"--lr +Inf", "finite"}},
		{"train lenet --lr 1e999", []string{"--lr", "1e999"}},
		{"train mlp --hidden 0", []string{"--hidden [0]", "above 0"}},
		{"train mlp --hidden 8,-8", []string{"--hidden", `"-8"`}},
		{"train mlp --hidden=-8", []string{"--hidden [-8]", "not negative"}},
		{"train mlp --seed=-1", []string{"--seed"}},
		{"train mlp --workers 0", []string{"--workers 0", "above 0"}},
		{"train mlp --threads=-1", []string{"--threads", "-1 threads", "1 to 1024"}},
		{"train mlp --threads -1", []string{"--threads", `"-1"`}},
		{"train mlp --threads 100000", []string{"100000 threads", "1 to 1024"}},
		{"train test-recipe --resume", []string{"no run of test-recipe"}},
		{"predict", []string{"expected", "<run>", "<file>"}},
		{"predict somewhere", []string{"expected", "<file>"}},
		{"eval", []string{"expected", "<run>"}},
		{"data", []string{`expected one of "list", "get", "path"`}},
		{"data get", []string{"expected", "<name>"}},
		{"data gett", []string{"gett", `"get"`}},
		{"version --nope", []string{"unknown flag --nope"}},
	} {
		args := strings.Fields(c.args)
		if strings.HasPrefix(c.args, "train ") && !strings.Contains(c.args, "--resume") && !strings.HasSuffix(c.args, "--epochs") {
			args = append(args, "--run-dir", dir)
		}
		oneLineError(t, c.args, hadal(args...), 2, c.want...)
		if names := left(t, base); len(names) != 0 {
			t.Errorf("%s left %v", c.args, names)
		}
	}
	// --threads 0 means all.
	must(t, "--threads=0", "version")
}

// A wrong value in a program's environment.
func TestBadRuns(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	empty := filepath.Join(base, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	good := undisturbed(t)
	config := readFile(t, good, train.ConfigFile)
	model := readFile(t, good, train.ModelFile)
	state := readFile(t, good, train.StateFile)
	lenet := readFile(t, trained(t, "lenet"), train.ModelFile)
	picture := writePNG(t, filepath.Join(base, "a.png"), digit(0, 1))

	oneLineError(t, "a run that is there", hadal(append(small, "--run-dir", good)...), 1, good+" already holds a run", "--resume", "--run-dir")
	if readFile(t, good, train.ModelFile) != model {
		t.Error("the run was overwritten")
	}
	for _, dir := range []string{filepath.Join(base, "missing"), empty, picture} {
		for _, args := range [][]string{{"eval", dir}, {"predict", dir, picture}, {"train", "mlp", "--resume", "--run-dir", dir}} {
			oneLineError(t, strings.Join(args, " "), hadal(args...), 1, dir+" is not a run folder", train.ConfigFile, "give the folder")
		}
	}
	for _, dir := range []string{picture, filepath.Join(picture, "run"), "/dev/null/run"} {
		oneLineError(t, "a file in place of a folder", hadal(append(small, "--run-dir", dir)...), 1, "run folder "+dir+" cannot be made", "--run-dir")
	}
	if len(left(t, empty)) != 0 {
		t.Errorf("the empty folder holds %v", left(t, empty))
	}

	edit := func(old, new string) string {
		if !strings.Contains(config, old) {
			t.Fatalf("config.json has no %s:\n%s", old, config)
		}
		return strings.Replace(config, old, new, 1)
	}
	for _, c := range []struct {
		name                 string
		config, model, state string // "": as they were
		want                 string // in the error of eval and predict, "" if they work
		resume               string // in the error of --resume, "" if it works
	}{
		{name: "config is noise", config: "noise", want: "config.json is damaged", resume: "config.json is damaged"},
		{name: "recipe of another version", config: edit(`"mlp"`, `"transformer"`), want: `there is no recipe "transformer"`, resume: "is a run of transformer, not of mlp"},
		{name: "options of another type", config: edit(`"Epochs": 3`, `"Epochs": "three"`), want: "config.json is damaged", resume: "damaged"},
		{name: "options that cannot be", config: edit(`"Dropout": 0.2`, `"Dropout": 2`), want: "config.json is damaged: --dropout 2", resume: "the probability 2"},
		{name: "data missing", config: edit(`"data"`, `"datum"`), want: "config.json is damaged"},
		{name: "data with no classes", config: edit(`"channels": 1`, `"channels": 7`), want: "config.json is damaged", resume: "the data are not those"},
		{name: "huge pictures", config: edit(`"width": 8`, `"width": 100000000`), want: "config.json is damaged", resume: "the data are not those"},
		{name: "another layer", config: edit("32", "33"), want: "do not fit the model", resume: "do not fit the model"},
		{name: "model of another recipe", model: lenet, want: "model.safetensors: the weights do not fit the model"},
		{name: "model truncated", model: model[:len(model)-7], want: "model.safetensors"},
		{name: "model is noise", model: "noise", want: "model.safetensors"},
		{name: "model claims a terabyte", model: hugeTensors(), want: "model.safetensors"},
		{name: "state truncated", state: state[:len(state)/2], resume: "state.safetensors"},
		{name: "state is noise", state: "noise", resume: "state.safetensors"},
		{name: "state is a model", state: lenet, resume: "not the checkpoint of a run"},
		{name: "state claims a terabyte", state: hugeTensors(), resume: "state.safetensors"},
	} {
		dir := filepath.Join(base, c.name)
		choose := func(a, b string) []byte {
			if a != "" {
				return []byte(a)
			}
			return []byte(b)
		}
		writeFile(t, filepath.Join(dir, train.ConfigFile), choose(c.config, config))
		writeFile(t, filepath.Join(dir, train.ModelFile), choose(c.model, model))
		writeFile(t, filepath.Join(dir, train.StateFile), choose(c.state, state))
		for _, args := range [][]string{{"eval", dir}, {"predict", dir, picture}} {
			if r := hadal(args...); c.want != "" {
				oneLineError(t, c.name, r, 1, c.want, dir)
			} else if r.status != 0 {
				t.Errorf("%s: %+v", c.name, r)
			}
		}
		r := hadal("train", "mlp", "--resume", "--epochs=4", "--run-dir", dir)
		switch {
		case c.resume == "" && r.status != 0:
			t.Errorf("%s: --resume: %+v", c.name, r)
		case c.resume != "" && r.status == 0:
			t.Errorf("%s: --resume works", c.name)
		case c.resume != "":
			oneLineError(t, c.name+", --resume", r, r.status, c.resume)
			if readFile(t, dir, train.ModelFile) != string(choose(c.model, model)) || readFile(t, dir, train.StateFile) != string(choose(c.state, state)) {
				t.Errorf("%s: --resume changed the run", c.name)
			}
		}
	}

	// A run without a model, as one that died in its first epoch.
	dir := filepath.Join(base, "no model")
	writeFile(t, filepath.Join(dir, train.ConfigFile), []byte(config))
	oneLineError(t, "no model", hadal("eval", dir), 1, dir+" has no "+train.ModelFile+" yet", "--resume")
}

// hugeTensors is a safetensors file whose header describes a terabyte that is not there.
func hugeTensors() string {
	header := `{"0.weight":{"dtype":"F32","shape":[274877906944],"data_offsets":[0,1099511627776]}}`
	return string(binary.LittleEndian.AppendUint64(nil, uint64(len(header)))) + header
}

// Data files that are missing, damaged or another set's: one line, and no run folder.
func TestBadData(t *testing.T) {
	base := t.TempDir()
	t.Setenv("HADAL_CACHE", filepath.Join(base, "cache"))
	t.Setenv("HADAL_DATA", "")
	good := clothes(t, filepath.Join(base, "good"), 1)
	run := filepath.Join(base, "run")
	args := func(dir string) []string {
		return []string{"train", "mlp", "--data=fashion-mnist", "--hidden=8", "--epochs=1", "--offline", "--data-dir", dir, "--run-dir", run}
	}
	images := readFile(t, good, "fashion-mnist/train-images-idx3-ubyte.gz")
	for _, c := range []struct {
		name, file string
		content    []byte
		want       string
	}{
		{"truncated", "train-images-idx3-ubyte.gz", []byte(images[:len(images)/2]), "cut short"},
		{"cut short in the header", "train-images-idx3-ubyte.gz", []byte(images[:4]), "EOF"},
		{"empty", "train-images-idx3-ubyte.gz", nil, "train-images"},
		{"noise", "train-labels-idx1-ubyte.gz", []byte("noise, not gzip and not idx"), "train-labels"},
		{"damaged", "train-images-idx3-ubyte.gz", damage(images), "train-images"},
		{"shorter than it says", "t10k-images-idx3-ubyte.gz", idxFile(make([]byte, 100), 50, 28, 28), "t10k-images"},
		{"claims a terabyte", "t10k-images-idx3-ubyte.gz", idxFile(nil, 1<<30, 28, 28), "t10k-images"},
		{"other sizes", "t10k-images-idx3-ubyte.gz", idxFile(make([]byte, 50*9), 50, 3, 3), "want N x 28 x 28"},
		{"more pictures than labels", "t10k-labels-idx1-ubyte.gz", idxFile(make([]byte, 9), 9), "do not belong together"},
		{"labels of other classes", "train-labels-idx1-ubyte.gz", idxFile(bytes.Repeat([]byte{77}, 200), 200), "label 77"},
	} {
		dir := clothes(t, filepath.Join(base, c.name), 1)
		writeFile(t, filepath.Join(dir, "fashion-mnist", c.file), c.content)
		oneLineError(t, c.name, hadal(args(dir)...), 1, "mlp: fashion-mnist: ", c.want)
		if names := left(t, run); len(names) != 0 {
			t.Errorf("%s left %v", c.name, names)
		}
	}
	oneLineError(t, "no folder", hadal(args(filepath.Join(base, "missing"))...), 1, filepath.Join(base, "missing"), "give one that exists")
	oneLineError(t, "not here", hadal("train", "mlp", "--data=mnist", "--offline", "--run-dir", run), 1, "mnist: ", "not found", "downloading is turned off", "put the 4 files")
	if names := left(t, run); len(names) != 0 {
		t.Errorf("that left %v", names)
	}
	must(t, args(good)...)

	// eval on data that do not fit.
	oneLineError(t, "other pictures", hadal("eval", run, "--data=digits"), 1, "the model takes 1x28x28 pictures", "digits has 1x8x8")
	oneLineError(t, "no such data", hadal("eval", run, "--data=nope"), 2, `no data set "nope"`)
}

func damage(s string) []byte {
	b := []byte(s)
	for i := len(b) / 3; i < len(b)/3+64; i++ {
		b[i] ^= 0xff
	}
	return b
}

// A bug is one line that names a file, and the file has the stack.
func TestCrash(t *testing.T) {
	for _, do := range []string{"bug", "bug in a loop", "bug in a step"} {
		temp := t.TempDir()
		t.Setenv("TMPDIR", temp)
		t.Setenv("TMP", temp)
		dir := filepath.Join(t.TempDir(), "run")
		r := hadal("train", "test-recipe", "--do", do, "--run-dir", dir)
		files, err := filepath.Glob(filepath.Join(temp, "hadal-crash-*.txt"))
		if err != nil || len(files) != 1 {
			t.Fatalf("%s: crash files %v, %v", do, files, err)
		}
		oneLineError(t, do, r, 1, "this is a bug in hadal", files[0])
		text := readFile(t, files[0])
		for _, want := range []string{"assignment to entry in nil map", "aFunctionWithABug", "main_test.go", "kernels "} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: the crash file lacks %q:\n%s", do, want, text)
			}
		}
		if names := left(t, dir); len(names) != 0 {
			t.Errorf("%s left %v", do, names)
		}
	}
	// Nowhere to write to: the stack goes to standard error, and the line comes last.
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	t.Setenv("TMP", filepath.Join(t.TempDir(), "missing"))
	r := hadal("train", "test-recipe", "--do=bug", "--run-dir", filepath.Join(t.TempDir(), "run"))
	if lines := strings.Split(strings.TrimSpace(r.err), "\n"); r.status != 1 || !strings.Contains(r.err, "aFunctionWithABug") || !strings.Contains(lines[len(lines)-1], "with the lines above") {
		t.Errorf("%+v", r)
	}
	// A wrong program of a recipe is no bug of ours that needs a stack.
	dir := filepath.Join(t.TempDir(), "run")
	oneLineError(t, "shapes", hadal("train", "test-recipe", "--do=shapes", "--run-dir", dir), 1, "test-recipe: linear (3,)")
	if names := left(t, dir); len(names) != 0 {
		t.Errorf("that left %v", names)
	}
}

// config.json has all that makes a run repeatable.
func TestConfig(t *testing.T) {
	_, info, err := train.OpenRun(undisturbed(t))
	if err != nil {
		t.Fatal(err)
	}
	var options map[string]any
	if err := json.Unmarshal(info.Config, &options); err != nil {
		t.Fatal(err)
	}
	if info.Recipe != "mlp" || info.Seed != 1 || info.Kernels == "" || info.Threads < 1 || info.Version == "" || info.Started.IsZero() || options["LR"] != 0.01 || options["Epochs"] != 3. {
		t.Errorf("%+v, %v", info, options)
	}
}

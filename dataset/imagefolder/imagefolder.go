// Package imagefolder reads folders of pictures, one folder a class, as a data set.
//
// A folder is laid out in one of two ways:
//
//	DIR/train/CLASS/*.png, DIR/test/CLASS/*.png and, if there is one, DIR/val/CLASS/*.png
//	DIR/CLASS/*.png
//
// In the second a share of each class is held back as the test part, always the same one. Where there is DIR/val but no DIR/test, that is the
// test part. Pictures are PNG, JPEG, GIF, BMP, TIFF or WebP of any size, told by their extensions, in upper or lower case; other files, and all whose
// names begin with a dot, are not looked at. Symbolic links are followed.
//
// Pictures are decoded when they are asked for, so by the workers of a dataset.Loader, and as many as Config.CacheBytes holds
// are kept: from the second epoch on these are not decoded again.
package imagefolder

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/internal/oserr"
	"github.com/hadal-go/hadal/random"
)

// Config are the options of Open.
type Config struct {
	// Fit is the size and the form that pictures get. Height and Width 0: those of the pictures where all have one size of at
	// most 256 pixels a side, else 64 by 64. Channels 0: 1 where all pictures are stored in grey, else 3.
	Fit        imageset.Fit
	TestShare  float64 // of each class that is held back where the folder has no test part; 0: 0.2
	SkipBad    bool    // leave out pictures that cannot be read; else they are an error
	Lazy       bool    // read only the headers in Open: pictures that are damaged behind them are errors when they are asked for
	CacheBytes int64   // of decoded pictures kept in memory; 0: 1 GiB, negative: none
	Workers    int     // goroutines that Open and MeanStd decode with; 0: one for each processor
}

// Folder is a data set of pictures in folders.
type Folder struct {
	Classes     []string // the names of the folders, sorted
	Train, Test *Pictures
	Validation  *Pictures    // nil: the folder has none
	Cut         bool         // Test was cut off the training part, by the list of its files
	Fit         imageset.Fit // as Config's, without zeros
	Bad         []error      // a line for each picture that was left out, by name
}

// BadFilesError says which pictures cannot be read; Config.SkipBad leaves them out.
type BadFilesError struct {
	Files []error // a line each, with the name
	Of    int     // pictures that there are
}

// Error is one line with the first three.
func (e *BadFilesError) Error() string {
	var lines []string
	for _, f := range e.Files[:min(3, len(e.Files))] {
		lines = append(lines, f.Error())
	}
	if more := len(e.Files) - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("%d of %d pictures cannot be read: mend, remove or skip them: %s", len(e.Files), e.Of, strings.Join(lines, "; "))
}

// Unwrap returns the files' errors.
func (e *BadFilesError) Unwrap() []error { return e.Files }

// The names of the folders of the parts.
var (
	trainNames = []string{"train", "training"}
	testNames  = []string{"test", "testing"}
	validNames = []string{"val", "valid", "validation"}
)

// Open lists the pictures of a folder and reads each of them once, in parallel. It is an error when the layout is not one of the package's,
// a class has no picture to train on, or a part has a class that the training part lacks; pictures that cannot be read are a
// *BadFilesError, or left out.
//
// Where the folder has a part train, folders beside its parts are not looked at, nor are pictures outside of classes' folders; and of folders that could
// be the same part, such as val and validation, the first by name is.
func Open(ctx context.Context, dir string, cfg Config) (*Folder, error) {
	fit := cfg.Fit
	if fit.Height < 0 || fit.Width < 0 || (fit.Height == 0) != (fit.Width == 0) || max(fit.Height, fit.Width) > 1<<14 || !slices.Contains([]int{0, 1, 3}, fit.Channels) {
		return nil, fmt.Errorf("imagefolder: pictures of %dx%dx%d: give 1 or 3 channels and sides of 1 to %d", fit.Channels, fit.Height, fit.Width, 1<<14)
	}
	if cfg.TestShare == 0 {
		cfg.TestShare = 0.2
	}
	if !(cfg.TestShare > 0 && cfg.TestShare < 1) {
		return nil, fmt.Errorf("imagefolder: the test share %v is not between 0 and 1", cfg.TestShare)
	}
	if cfg.Workers <= 0 {
		cfg.Workers = runtime.GOMAXPROCS(0)
	}
	if cfg.CacheBytes == 0 {
		cfg.CacheBytes = 1 << 30
	}
	l, err := list(dir)
	if err != nil {
		return nil, err
	}
	s := newStore(l.files, cfg)
	bad, err := s.readHeaders(ctx)
	if err != nil {
		return nil, err
	}
	if !cfg.Lazy {
		if err := s.decodeAll(ctx, bad); err != nil {
			return nil, err
		}
	}
	f := &Folder{Classes: l.classes, Fit: s.fit}
	for _, e := range bad {
		if e != nil {
			f.Bad = append(f.Bad, e)
		}
	}
	if len(f.Bad) > 0 && !cfg.SkipBad {
		return nil, &BadFilesError{f.Bad, len(l.files)}
	}
	var parts [3][]int
	for i, file := range l.files {
		if bad[i] == nil {
			parts[file.part] = append(parts[file.part], i)
		}
	}
	if err := s.checkClasses(parts[trainPart], l.classes, dir); err != nil {
		return nil, err
	}
	plain, err := dataset.ByteValues(255, s.fit.Channels, nil, nil)
	if err != nil {
		return nil, err
	}
	train := &Pictures{s, parts[trainPart], plain}
	switch {
	case len(parts[testPart]) > 0:
		f.Train, f.Test = train, &Pictures{s, parts[testPart], plain}
		if len(parts[validPart]) > 0 {
			f.Validation = &Pictures{s, parts[validPart], plain}
		}
	case len(parts[validPart]) > 0:
		f.Train, f.Test = train, &Pictures{s, parts[validPart], plain}
	default:
		split, err := dataset.StratifiedSplit(train, train.Labels(), splitSeed, 1-cfg.TestShare, cfg.TestShare)
		if err != nil {
			return nil, fmt.Errorf("%s has too few pictures for a test part: %w", dir, err)
		}
		f.Train, f.Test, f.Cut = train.subset(split[0].Indices), train.subset(split[1].Indices), true
		if err := s.checkClasses(f.Train.files, l.classes, dir); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// splitSeed cuts off the same test part for all seeds of training, so that runs can be compared.
const splitSeed = 0

// checkClasses returns an error unless there is a picture of every class.
func (s *store) checkClasses(files []int, classes []string, dir string) error {
	counts := make([]int, len(classes))
	for _, i := range files {
		counts[s.files[i].class]++
	}
	if k := slices.Index(counts, 0); k >= 0 {
		return fmt.Errorf("%s: class %s has no picture to train on: add some, or remove its folder", dir, classes[k])
	}
	return nil
}

// file is a picture of the list.
type file struct {
	path        string
	part, class int
}

const (
	trainPart = iota
	testPart
	validPart
)

// listing is what a folder holds.
type listing struct {
	classes []string
	files   []file // sorted by part, class and name
}

// list finds the classes and the pictures.
func list(dir string) (l listing, err error) {
	folders, pictures, err := entries(dir)
	if err != nil {
		return l, err
	}
	find := func(names []string) string {
		for _, f := range folders {
			if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, f) }) {
				return filepath.Join(dir, f)
			}
		}
		return ""
	}
	root := find(trainNames)
	test, valid := find(testNames), find(validNames)
	if root == "" {
		if test != "" || valid != "" {
			return l, fmt.Errorf("%s has a test part but no folder train: the classes' folders of the training part go there", dir)
		}
		if len(folders) == 0 && len(pictures) > 0 {
			return l, fmt.Errorf("%s has pictures but no folders of classes: put the pictures of each class into a folder of its name", dir)
		}
		root = dir
	}
	if l.classes, err = l.add(root, trainPart, nil); err != nil {
		return l, err
	}
	for i, name := range l.classes[:max(0, len(l.classes)-1)] {
		if next := l.classes[i+1:]; slices.ContainsFunc(next, func(n string) bool { return strings.EqualFold(n, name) }) {
			return l, fmt.Errorf("%s: two classes are called %s but for upper and lower case: rename one, or put them together", root, name)
		}
	}
	if len(l.classes) < 2 {
		return l, fmt.Errorf("%s has %d classes: it needs a folder of pictures for each of at least two", root, len(l.classes))
	}
	for _, part := range []struct {
		number int
		at     string
	}{{testPart, test}, {validPart, valid}} {
		if part.at == "" {
			continue
		}
		if _, err := l.add(part.at, part.number, l.classes); err != nil {
			return l, err
		}
	}
	return l, nil
}

// add lists the pictures of a part, whose folders must be of the known classes if there are any. It returns the names of the folders.
func (l *listing) add(root string, part int, known []string) ([]string, error) {
	classes, _, err := entries(root)
	if err != nil {
		return nil, err
	}
	for class, name := range classes {
		if known != nil {
			if class = slices.Index(known, name); class < 0 {
				return nil, fmt.Errorf("%s is of a class that the training part does not have (%s): rename or remove it", filepath.Join(root, name), strings.Join(known, ", "))
			}
		}
		folders, pictures, err := entries(filepath.Join(root, name))
		if err != nil {
			return nil, err
		}
		if len(folders) > 0 {
			return nil, fmt.Errorf("%s is a folder in a class's folder: its pictures must lie in that itself", filepath.Join(root, name, folders[0]))
		}
		for _, p := range pictures {
			l.files = append(l.files, file{filepath.Join(root, name, p), part, class})
		}
	}
	return classes, nil
}

// entries returns the names of the folders and of the pictures in a folder, sorted; of links by what they lead to.
func entries(dir string) (folders, pictures []string, err error) {
	all, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("%s cannot be read: %w; give a folder with a folder of pictures for each class", dir, oserr.Cause(err))
	}
	for _, e := range all {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		isDir := e.IsDir()
		if e.Type()&os.ModeSymlink != 0 {
			info, err := os.Stat(filepath.Join(dir, e.Name()))
			isDir = err == nil && info.IsDir() // a link to nowhere is said to be one when it is read
		}
		if isDir {
			folders = append(folders, e.Name())
		} else if slices.Contains(imageset.Extensions, strings.ToLower(filepath.Ext(e.Name()))) {
			pictures = append(pictures, e.Name())
		}
	}
	return folders, pictures, nil
}

// Pictures are labelled pictures in files: a dataset.Dataset, and a dataset.Gatherer, of samples (C, H, W) float32 from 0 to 1,
// normalised if Normalized says so.
type Pictures struct {
	store  *store
	files  []int          // in the store
	values [][256]float32 // by channel: what each byte stands for
}

// Len returns the number of pictures.
func (p *Pictures) Len() int { return len(p.files) }

// File returns the path of picture i.
func (p *Pictures) File(i int) string { return p.store.files[p.files[i]].path }

// Labels returns the class of every picture.
func (p *Pictures) Labels() []int64 {
	labels := make([]int64, len(p.files))
	for k, i := range p.files {
		labels[k] = int64(p.store.files[i].class)
	}
	return labels
}

// subset returns the pictures at the indices.
func (p *Pictures) subset(indices []int) *Pictures {
	files := make([]int, len(indices))
	for k, i := range indices {
		files[k] = p.files[i]
	}
	return &Pictures{p.store, files, p.values}
}

// Normalized returns the same pictures with values (v/255 − mean)/std by channel.
func (p *Pictures) Normalized(mean, std []float64) (*Pictures, error) {
	values, err := dataset.ByteValues(255, p.store.fit.Channels, mean, std)
	if err != nil {
		return nil, err
	}
	return &Pictures{p.store, p.files, values}, nil
}

// At returns picture i.
func (p *Pictures) At(ctx context.Context, i int, _ *random.Generator) (dataset.Sample, error) {
	b, err := p.Gather(ctx, []int{i})
	if err != nil {
		return dataset.Sample{}, err
	}
	return dataset.Sample{X: b.X.Squeeze(0), Y: int64(p.store.files[p.files[i]].class)}, nil
}

// Gather returns the pictures at the indices as a batch.
func (p *Pictures) Gather(ctx context.Context, indices []int) (dataset.Batch, error) {
	return p.store.gather(ctx, p, indices)
}

// MeanStd returns the mean and the standard deviation of each channel over all pixels, in [0, 1].
func (p *Pictures) MeanStd(ctx context.Context) (mean, std []float64, err error) {
	counts := make([][256]int, p.store.fit.Channels)
	var mu sync.Mutex
	err = p.store.each(ctx, p.files, func(_ int, pix []uint8, err error) error {
		if err != nil {
			return err
		}
		own := make([][256]int, len(counts))
		for i, v := range pix {
			own[i%len(own)][v]++
		}
		mu.Lock()
		defer mu.Unlock()
		for c := range own {
			for v, n := range own[c] {
				counts[c][v] += n
			}
		}
		return nil
	})
	mean, std = dataset.HistogramMeanStd(255, counts)
	return mean, std, err
}

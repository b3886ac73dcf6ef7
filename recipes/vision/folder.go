package vision

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/imagefolder"
	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/dataset/sets"
	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes"
	"github.com/hadal-go/hadal/train"
)

// request says which pictures a recipe asks for, and in which form.
type request struct {
	data       string       // a set's name, or a folder
	fit        imageset.Fit // zeros: as the pictures are
	skipBad    bool         // of a folder
	workers    int
	validation float64 // share of the training pictures that is held back, where the set has no such part; 0: none
	// transforms returns those of the training pictures, which see values from 0, black, to 1; nil: none.
	transforms func(info train.ImageInfo) ([]dataset.Transform, error)
}

// IsFolder reports whether data is no set's name but a folder.
func IsFolder(data string) bool {
	if _, err := sets.Find(data); err == nil {
		return false
	}
	info, err := os.Stat(data)
	return err == nil && info.IsDir()
}

// open finds the pictures of a set or a folder. Validation is nil where none is asked for.
func (r request) open(ctx context.Context, env *recipes.Env) (*pictures, error) {
	if IsFolder(r.data) {
		return r.openFolder(ctx, env)
	}
	set, err := sets.Find(r.data)
	if err != nil {
		return nil, fmt.Errorf("%w, or a folder with a folder of pictures for each class", err)
	}
	trainSet, testSet, err := set.Images(ctx, env.Source)
	if err != nil {
		return nil, err
	}
	if fit := r.fitOf(set); trainSet.H != fit.Height || trainSet.W != fit.Width || trainSet.C != fit.Channels {
		trainSet, testSet = trainSet.Fit(fit), testSet.Fit(fit)
	}
	mean, std := dataset.MeanStd(trainSet)
	info := train.ImageInfo{
		Set: set.Name, Classes: trainSet.Classes, Channels: trainSet.C, Height: trainSet.H, Width: trainSet.W, Mean: mean, Std: positiveStd(std), Crop: r.fit.Crop, White: set.White,
	}
	plain, err := dataset.NewImages(trainSet, nil, nil)
	if err != nil {
		return nil, err
	}
	all, err := dataset.NewImages(trainSet, mean, info.Std)
	if err != nil {
		return nil, err
	}
	test, err := dataset.NewImages(testSet, mean, info.Std)
	if err != nil {
		return nil, err
	}
	return r.split(env, info, plain, all, all.Labels(), nil, test)
}

// fitOf returns the form of a set's pictures.
func (r request) fitOf(set sets.Set) imageset.Fit {
	return imageset.Fit{Height: cmp.Or(r.fit.Height, set.Height), Width: cmp.Or(r.fit.Width, set.Width), Channels: cmp.Or(r.fit.Channels, set.Channels), Crop: r.fit.Crop, White: set.White}
}

// openFolder is open for a folder.
func (r request) openFolder(ctx context.Context, env *recipes.Env) (*pictures, error) {
	dir, err := filepath.Abs(r.data) // so that the run is evaluated from anywhere
	if err != nil {
		return nil, err
	}
	fit := r.fit
	fit.White = true
	f, err := imagefolder.Open(ctx, dir, imagefolder.Config{Fit: fit, SkipBad: r.skipBad, Workers: r.workers})
	if bad, ok := errors.AsType[*imagefolder.BadFilesError](err); ok {
		tellBad(env, bad.Files)
		return nil, fmt.Errorf("%w (--skip-bad skips them)", err)
	}
	if err != nil {
		return nil, err
	}
	if len(f.Bad) > 0 {
		tellBad(env, f.Bad)
		env.Tell(fmt.Sprintf("%d pictures that cannot be read are left out", len(f.Bad)))
	}
	mean, std, err := f.Train.MeanStd(ctx)
	if err != nil {
		return nil, err
	}
	info := train.ImageInfo{
		Set: dir, Classes: f.Classes, Channels: f.Fit.Channels, Height: f.Fit.Height, Width: f.Fit.Width, Mean: mean, Std: positiveStd(std), Crop: fit.Crop, White: true,
	}
	if f.Cut {
		info.Held = heldPictures(f)
	}
	all, err := f.Train.Normalized(mean, info.Std)
	if err != nil {
		return nil, err
	}
	test, err := f.Test.Normalized(mean, info.Std)
	if err != nil {
		return nil, err
	}
	var valid dataset.Dataset[dataset.Sample]
	if f.Validation != nil {
		if valid, err = f.Validation.Normalized(mean, info.Std); err != nil {
			return nil, err
		}
	}
	return r.split(env, info, f.Train, all, f.Train.Labels(), valid, test)
}

// heldPictures is train.ImageInfo.Held of a folder.
func heldPictures(f *imagefolder.Folder) string {
	names := make([]string, f.Test.Len())
	for i := range names {
		class, name := filepath.Split(f.Test.File(i))
		names[i] = filepath.Base(class) + "/" + name
	}
	return hashOf(names)
}

// otherPictures is what is wrong where other pictures would be held back than when the model was trained.
const otherPictures = "%s holds other pictures than when the model was trained, which may have seen some that would be measured on now"

// hashOf is short for a list of names of files.
func hashOf(names []string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(names, "\x00"))))
}

// tellBad names the files that cannot be read, a line each.
func tellBad(env *recipes.Env, files []error) {
	const most = 20
	for _, e := range files[:min(most, len(files))] {
		env.Tell(e.Error())
	}
	if more := len(files) - most; more > 0 {
		env.Tell(fmt.Sprintf("and %d more", more))
	}
}

// positiveStd puts 1 in the place of 0, the deviation of a channel that is the same everywhere.
func positiveStd(std []float64) []float64 {
	for c, v := range std {
		if v == 0 {
			std[c] = 1
		}
	}
	return std
}

// split cuts the validation part off, unless there is one, and applies the transforms to the training pictures. plain are these with values
// from 0 to 1, all the same ones normalised.
func (r request) split(env *recipes.Env, info train.ImageInfo, plain, all dataset.Dataset[dataset.Sample], labels []int64, valid, test dataset.Dataset[dataset.Sample]) (*pictures, error) {
	p := &pictures{Train: all, Validation: valid, Test: test, Info: info}
	if valid == nil && r.validation > 0 {
		parts, err := dataset.StratifiedSplit(all, labels, env.Seed, 1-r.validation, r.validation)
		if err != nil {
			return nil, err
		}
		p.Train, p.Validation = parts[0], parts[1]
		plain = dataset.Subset[dataset.Sample]{Of: plain, Indices: parts[0].Indices}
	}
	if r.transforms != nil {
		transforms, err := r.transforms(info)
		if err != nil {
			return nil, err
		}
		if len(transforms) > 0 {
			p.Train = dataset.Augment(plain, append(transforms, dataset.Normalize(info.Mean, info.Std))...)
		}
	}
	return p, nil
}

// TestPictures returns the test pictures of a set, or of a folder, as a model takes them that was trained on info's, with the numbers of their
// classes in info. Data without one of the model's classes, or with another, are an error. So is a set whose pictures have another form, unless it is the
// one that the model was trained on, whose pictures were brought into the model's form then; and the folder that it was trained on, where that has
// no test part and holds other pictures by now. Pictures of a folder that cannot be read are left out, and tell is told of each.
func TestPictures(ctx context.Context, data string, info train.ImageInfo, src source.Config, tell func(error)) (dataset.Dataset[dataset.Sample], error) {
	if IsFolder(data) {
		f, err := imagefolder.Open(ctx, data, imagefolder.Config{Fit: info.Fit(), SkipBad: true})
		if err != nil {
			return nil, err
		}
		for _, e := range f.Bad {
			tell(e)
		}
		if dir, err := filepath.Abs(data); err == nil && dir == info.Set && info.Held != "" && heldPictures(f) != info.Held {
			return nil, fmt.Errorf(otherPictures+": put the same ones back, or measure on another folder (--data)", data)
		}
		test, err := f.Test.Normalized(info.Mean, info.Std)
		if err != nil {
			return nil, err
		}
		return renumber(data, test, f.Classes, info.Classes)
	}
	set, err := sets.Find(data)
	if err != nil {
		return nil, err
	}
	_, m, err := set.Images(ctx, src)
	if err != nil {
		return nil, err
	}
	if data == info.Set && (m.H != info.Height || m.W != info.Width || m.C != info.Channels) {
		m = m.Fit(info.Fit())
	}
	if m.H != info.Height || m.W != info.Width || m.C != info.Channels {
		return nil, fmt.Errorf("the model takes %dx%dx%d pictures, %s has %dx%dx%d", info.Channels, info.Height, info.Width, data, m.C, m.H, m.W)
	}
	test, err := dataset.NewImages(m, info.Mean, info.Std)
	if err != nil {
		return nil, err
	}
	return renumber(data, test, m.Classes, info.Classes)
}

// renumber gives the samples of classes the numbers that these have among those that a model knows.
func renumber(data string, d dataset.Dataset[dataset.Sample], classes, known []string) (dataset.Dataset[dataset.Sample], error) {
	for _, name := range known {
		if !slices.Contains(classes, name) {
			return nil, fmt.Errorf("the model knows the class %q, which %s does not have", name, data)
		}
	}
	number := make([]int64, len(classes))
	for k, name := range classes {
		i := slices.Index(known, name)
		if i < 0 {
			return nil, fmt.Errorf("%s has the class %q, which the model does not know", data, name)
		}
		number[k] = int64(i)
	}
	if slices.Equal(classes, known) {
		return d, nil
	}
	return dataset.Map(d, func(s dataset.Sample, _ *random.Generator) (dataset.Sample, error) {
		s.Y = number[s.Y]
		return s, nil
	}), nil
}

package workflow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/hadal-go/hadal/audio"
	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/digits"
	"github.com/hadal-go/hadal/format/wav"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/text"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "U04", Tier: catalog.Unit, Title: "Pipelines of text, molecules, sound and pictures", Source: "Weininger 1988; Davis and Mermelstein 1980",
		Target: "each gives the same numbers whenever it is asked, however its input arrives in pieces and whatever the number of workers; tokens join to the text they came from",
		Note:   "packages text, audio, format/wav and dataset compare with torchaudio and hand-made cases",
		Test:   pipelines,
	})
}

// dribble is a reader that gives a few bytes at a time, a different number each time.
type dribble struct {
	r io.Reader
	g *random.Generator
}

func (d dribble) Read(b []byte) (int, error) { return d.r.Read(b[:min(len(b), 1+d.g.Intn(7))]) }

func pipelines(ctx context.Context, c *catalog.Check) error {
	return errors.Join(textPipeline(ctx, c), moleculePipeline(c), soundPipeline(c), picturePipeline(ctx, c))
}

// count returns how many of two lists' numbers differ.
func count[T comparable](a, b []T) (n float64) {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	for i, v := range a {
		if v != b[i] {
			n++
		}
	}
	return n
}

// textPipeline numbers the words of a corpus in two passes: one for the vocabulary, one for the windows of a language model.
func textPipeline(ctx context.Context, c *catalog.Check) error {
	corpus := strings.Repeat("It was the best of times, it was the worst of times;\nit was the age of wisdom, it was the age of foolishness.\n", 50)
	numbers := func(seed uint64) ([]int64, *text.Vocabulary, error) {
		tokenizer, counts, ids := text.Words{Lower: true}, text.Counts{}, []int64(nil)
		var v *text.Vocabulary
		for pass := range 2 {
			for line, err := range text.Lines(dribble{strings.NewReader(corpus), random.New(seed)}, 0) {
				tokens, err2 := tokenizer.Tokens(line)
				if err := errors.Join(err, err2); err != nil {
					return nil, nil, err
				}
				if pass == 0 {
					counts.Add(tokens)
					continue
				}
				more, err := v.Encode(tokens)
				if err != nil {
					return nil, nil, err
				}
				ids = append(ids, more...)
			}
			if pass == 0 {
				var err error
				if v, err = text.NewVocabulary(counts, text.VocabularyConfig{Specials: []string{"<unk>"}, Unknown: "<unk>"}); err != nil {
					return nil, nil, err
				}
			}
		}
		return ids, v, nil
	}
	a, v, err := numbers(1)
	if err != nil {
		return err
	}
	b, _, err := numbers(2)
	if err != nil {
		return err
	}
	c.Equal("text: numbers that differ when it arrives in other pieces", count(a, b), 0)
	c.Equal("different words and marks of the corpus, with the unknown one", float64(v.Len()), 14)
	w := text.Windows{IDs: a, Length: 16}
	last, err := w.At(ctx, w.Len()-1, nil)
	if err != nil {
		return err
	}
	c.Equal("first target of the last window less the token after its first", float64(last.Y[0]-a[(w.Len()-1)*16+1]), 0)
	return nil
}

// moleculePipeline cuts molecules into atoms and bonds.
func moleculePipeline(c *catalog.Check) error {
	molecules := []string{"CC(=O)Oc1ccccc1C(=O)O", "CN1C=NC2=C1C(=O)N(C(=O)N2C)C", "C[C@@H](C(=O)O)N", "[Na+].[Cl-]", "ClCCBr"}
	differ := 0.0
	for _, m := range molecules {
		tokens, err := text.SMILES{}.Tokens(m)
		if err != nil {
			return err
		}
		if strings.Join(tokens, "") != m {
			differ++
		}
	}
	c.Equal("molecules: of 5 whose tokens do not join to them", differ, 0)
	tokens, err := text.SMILES{}.Tokens(molecules[4])
	if err != nil {
		return err
	}
	c.Equal("tokens of ClCCBr that are not Cl, C, C and Br", count(tokens, []string{"Cl", "C", "C", "Br"}), 0)
	letters, err := text.Characters{}.Tokens(molecules[4])
	if err != nil {
		return err
	}
	c.Control(func() {
		c.Equal("tokens of it where each letter is one: l and r are no atoms", float64(len(letters)), 6)
	})
	_, err = text.SMILES{}.Tokens("c1ccccc")
	c.True("a ring that is not closed is an error", err != nil)
	return nil
}

// soundPipeline computes the mel spectrogram of a rising tone, read from a file block by block.
func soundPipeline(c *catalog.Check) error {
	tone := &wav.Audio{Header: wav.Header{SampleRate: 8000, Channels: 1}}
	for i := range 8000 {
		s := float64(i) / 8000
		tone.Samples = append(tone.Samples, float32(0.5*math.Sin(2*math.Pi*(300*s+600*s*s)))) // from 300 to 1500 Hz
	}
	var file bytes.Buffer
	if err := wav.Write(&file, tone); err != nil {
		return err
	}
	cfg := audio.MelConfig{SampleRate: 8000, Mels: 24, SpectrogramConfig: audio.SpectrogramConfig{FFTSize: 256, Hop: 128}}
	features := func(seed uint64) (*tensor.Tensor, error) {
		r, err := wav.NewReader(bytes.NewReader(file.Bytes()))
		if err != nil {
			return nil, err
		}
		g, stream := random.New(seed), audio.NewStream(cfg)
		var parts []*tensor.Tensor
		for {
			block := make([]float32, 1+g.Intn(1000))
			n, err := r.Read(block)
			if err == io.EOF {
				return tensor.Concat(1, parts...), nil
			}
			if err != nil {
				return nil, err
			}
			parts = append(parts, stream.Push(block[:n]))
		}
	}
	a, err := features(1)
	if err != nil {
		return err
	}
	b, err := features(2)
	if err != nil {
		return err
	}
	c.Equal("sound: numbers that differ when it is read in other blocks", count(a.Floats(), b.Floats()), 0)
	cfg.NoCenter = true
	whole := audio.MelSpectrogram(tensor.Of(tone.Samples), cfg)
	c.AtMost("sound: stream less whole recording, of the largest", a.Sub(whole).Abs().Max().Item()/whole.Max().Item(), 1e-4)
	c.True("the tone rises through the bands", a.Select(1, 0).ArgMax(0).Item() < a.Select(1, a.Dim(1)/2).ArgMax(0).Item() &&
		a.Select(1, a.Dim(1)/2).ArgMax(0).Item() < a.Select(1, a.Dim(1)-1).ArgMax(0).Item())
	return c.Picture("tone", func(path string) error {
		db := audio.Decibels(whole, audio.DBConfig{Range: new(50.0)})
		bands, names := make([][]float64, db.Dim(0)), make([]string, db.Dim(0))
		for i := range bands { // the highest at the top
			names[i] = fmt.Sprint(db.Dim(0) - 1 - i)
			bands[i] = db.Select(0, db.Dim(0)-1-i).Floats()
		}
		return plot.Heatmap(path, bands, plot.HeatmapConfig{Title: "A tone that rises from 300 to 1500 Hz", XLabel: "frame, of 16 ms", YLabel: "mel band", BarLabel: "decibels", Rows: names})
	})
}

// picturePipeline moves and noises pictures at random, with one worker and with three.
func picturePipeline(ctx context.Context, c *catalog.Check) error {
	set := digits.Train().Head(64)
	images, err := dataset.NewImages(set, nil, nil)
	if err != nil {
		return err
	}
	moved := dataset.Augment(images, dataset.RandomCrop(8, 8, 1))
	pass := func(shuffle bool, workers, epoch, from int) (x []float64, err error) {
		l := dataset.NewLoader(moved, dataset.Collate, dataset.LoaderConfig{BatchSize: 16, Shuffle: shuffle, Seed: 5, Workers: workers})
		for b, err := range l.Epoch(ctx, epoch, from) {
			if err != nil {
				return nil, err
			}
			x = append(x, b.X.Floats()...)
		}
		return x, nil
	}
	one, err1 := pass(true, 1, 0, 0)
	three, err2 := pass(true, 3, 0, 0)
	rest, err3 := pass(true, 2, 0, 2)
	first, err4 := pass(false, 1, 0, 0)
	next, err5 := pass(false, 1, 1, 0)
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return err
	}
	if len(one) != 64*64 {
		return fmt.Errorf("an epoch has %d numbers", len(one))
	}
	c.Equal("pictures: numbers that differ with 3 workers instead of 1", count(one, three), 0)
	c.Equal("pictures: numbers of an epoch begun in its middle that differ", count(one[len(one)/2:], rest), 0)
	c.Control(func() {
		c.AtLeast("numbers that differ in the next epoch, with other draws of the crop alone", count(first, next), 500)
	})
	return nil
}

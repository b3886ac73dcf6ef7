package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"math"
	"strconv"
	"strings"

	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/dataset/tableset"
	"github.com/hadal-go/hadal/tensor"
)

// Card is what a reader should know of a data set before using it: the sections of Gebru et al. (2018, "Datasheets for Datasets"). ImagesCard
// and TableCard fill in what the values themselves say; the rest only its makers know.
type Card struct {
	Name, Title, Summary string

	Motivation    string // for what purpose it was made, and by whom
	Collection    string // how, when, by whom and of whom the values were got
	Preprocessing string // what was done to them since, and what labels mean
	Uses          string // what it has been used for, what it is good for and what not
	Biases        string // who and what is missing, rare or always the same in it
	Ethics        string // people in it, their consent, harm that may come of it
	Maintenance   string // who looks after it, and how errors are mended

	Source  []string // papers and addresses
	Licence string
	Files   []source.File // as they are distributed

	// What the values say.
	Instances string // what one of them is, such as "pictures"
	Form      string // of one of them
	Splits    []CardSplit
	Classes   []string
	Features  []FeatureStats
	Checksum  string // SHA-256 of all values and labels in order, as ImagesCard and TableCard say
}

// CardSplit is a part of a data set.
type CardSplit struct {
	Name       string
	N          int
	Counts     []int // of each class; nil: there are no classes
	Duplicates int   // instances that are equal, but for their class, to one before in this part
	Leaked     int   // instances that are equal, but for their class, to one of a part before: a test would see what was trained on
}

// FeatureStats says how the values of one feature, or of all pixels of one channel, are distributed over all parts.
type FeatureStats struct {
	Name                string
	N, Missing          int     // Missing of the N are NaN; the rest is of the others
	Mean, Std, Min, Max float64 // Std divides by their number
	Zeros               float64 // share that is 0
}

// CardPart is a part of a data set of pictures, for ImagesCard.
type CardPart struct {
	Name   string
	Images *imageset.Images
}

// ImagesCard returns a card with the statistics of a set of pictures: values count from 0 to 1, and the checksum is of the bytes of all
// pixels and then all labels, part by part. It returns an error when there is no part, when the parts are not of one kind or when one is damaged.
func ImagesCard(parts ...CardPart) (c Card, err error) {
	if len(parts) == 0 {
		return c, fmt.Errorf("card: there are no pictures; give at least one part")
	}
	first := parts[0].Images
	c.Instances, c.Classes = "pictures", first.Classes
	c.Form = fmt.Sprintf("%d x %d pixels (H x W) of %d levels, channels: %d", first.H, first.W, int(first.Max)+1, first.C)
	counts := make([][256]int, first.C) // by channel and value
	sum, seen := sha256.New(), map[[sha256.Size]byte]int{}
	for k, p := range parts {
		m := p.Images
		if err := m.Check(); err != nil {
			return c, fmt.Errorf("card: part %s: %w", p.Name, err)
		}
		if m.H != first.H || m.W != first.W || m.C != first.C || m.Max != first.Max || len(m.Classes) != len(first.Classes) {
			return c, fmt.Errorf("card: part %s has pictures of %dx%dx%d up to %d in %d classes, part %s of %dx%dx%d up to %d in %d", p.Name, m.H, m.W, m.C, m.Max, len(m.Classes), parts[0].Name, first.H, first.W, first.C, first.Max, len(first.Classes))
		}
		s := CardSplit{Name: p.Name, N: m.N, Counts: m.Counts()}
		for i := range m.N {
			s.count(seen, sha256.Sum256(m.Image(i)), k)
		}
		for i, v := range m.Pix {
			counts[i%m.C][v]++
		}
		sum.Write(m.Pix)
		sum.Write(m.Labels)
		c.Splits = append(c.Splits, s)
	}
	for ch := range counts {
		name := fmt.Sprintf("channel %d", ch)
		switch first.C {
		case 1:
			name = "grey"
		case 3:
			name = []string{"red", "green", "blue"}[ch]
		}
		c.Features = append(c.Features, statsOfCounts(name, &counts[ch], float64(max(1, first.Max))))
	}
	c.Checksum = fmt.Sprintf("%x", sum.Sum(nil))
	return c, nil
}

// TableCard returns a card with the statistics of a table; NaN is a missing value. Y and Classes may be nil, where there are no classes.
// The checksum is of the features, row by row, as little-endian float64, and then of the classes as little-endian int64. It returns an
// error when the shapes do not fit or a class has no name.
func TableCard(t *tableset.Table) (c Card, err error) {
	if t.X == nil || t.X.Rank() != 2 || t.X.Dim(1) != len(t.Features) || t.Y != nil && (t.Y.Rank() != 1 || t.Y.Dim(0) != t.X.Dim(0)) {
		return c, fmt.Errorf("card: a table needs features (N, D) with D names, and classes (N,) or none")
	}
	n, d := t.X.Dim(0), t.X.Dim(1)
	x := tensor.Data[float64](t.X.To(tensor.Float64))
	c.Instances, c.Classes = "rows", t.Classes
	c.Form = fmt.Sprintf("%d features", d)
	sum, seen := sha256.New(), map[[sha256.Size]byte]int{}
	s := CardSplit{Name: "all", N: n}
	for i := range n {
		row := sha256.New()
		writeFloats(row, x[i*d:(i+1)*d])
		s.count(seen, [sha256.Size]byte(row.Sum(nil)), 0)
	}
	writeFloats(sum, x)
	if t.Y != nil {
		s.Counts = make([]int, len(t.Classes))
		for i, y := range tensor.Data[int64](t.Y.To(tensor.Int64)) {
			if y < 0 || int(y) >= len(t.Classes) {
				return c, fmt.Errorf("card: row %d is of class %d, but there are names for %d", i, y, len(t.Classes))
			}
			s.Counts[y]++
			binary.Write(sum, binary.LittleEndian, y)
		}
	}
	c.Splits = []CardSplit{s}
	for j, name := range t.Features {
		column := make([]float64, n)
		for i := range column {
			column[i] = x[i*d+j]
		}
		c.Features = append(c.Features, statsOf(name, column))
	}
	c.Checksum = fmt.Sprintf("%x", sum.Sum(nil))
	return c, nil
}

func writeFloats(to hash.Hash, x []float64) {
	var b []byte
	for _, v := range x {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	to.Write(b)
}

// count notes an instance of part k by its hash.
func (s *CardSplit) count(seen map[[sha256.Size]byte]int, key [sha256.Size]byte, k int) {
	switch was, ok := seen[key]; {
	case !ok:
		seen[key] = k
	case was == k:
		s.Duplicates++
	default:
		s.Leaked++
	}
}

// statsOfCounts is statsOf for bytes that stand for v/most.
func statsOfCounts(name string, counts *[256]int, most float64) FeatureStats {
	f := FeatureStats{Name: name}
	first, last := -1, 0
	for v, k := range counts {
		f.N += k
		if k > 0 {
			if first < 0 {
				first = v
			}
			last = v
		}
	}
	if f.N == 0 {
		return f
	}
	n := float64(f.N)
	for v, k := range counts {
		f.Mean += float64(k) * float64(v) / most / n
	}
	for v, k := range counts {
		e := float64(v)/most - f.Mean
		f.Std += float64(k) * e * e / n
	}
	f.Std, f.Min, f.Max, f.Zeros = math.Sqrt(f.Std), float64(first)/most, float64(last)/most, float64(counts[0])/n
	return f
}

func statsOf(name string, x []float64) FeatureStats {
	f := FeatureStats{Name: name, N: len(x), Min: math.Inf(1), Max: math.Inf(-1)}
	var there []float64
	for _, v := range x {
		if v != v {
			f.Missing++
			continue
		}
		there = append(there, v)
		f.Min, f.Max = min(f.Min, v), max(f.Max, v)
		if v == 0 {
			f.Zeros++
		}
	}
	n := float64(len(there))
	if n == 0 {
		f.Min, f.Max = 0, 0
		return f
	}
	for _, v := range there {
		f.Mean += v / n
	}
	for _, v := range there {
		f.Std += (v - f.Mean) * (v - f.Mean) / n
	}
	f.Std, f.Zeros = math.Sqrt(f.Std), f.Zeros/n
	return f
}

// unstated stands where the makers have to write.
const unstated = "*Not stated. Only those who made the data can write this.*"

// Markdown returns the card as text. What is empty says so, rather than being left out.
func (c Card) Markdown() string {
	var b strings.Builder
	title := c.Title
	if title == "" {
		title = c.Name
	}
	fmt.Fprintf(&b, "# Data-set card: %s\n", title)
	section := func(title, text string) {
		if strings.TrimSpace(text) == "" {
			text = unstated
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", title, strings.TrimSpace(text))
	}
	if c.Summary != "" {
		fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace(c.Summary))
	}
	section("Motivation", c.Motivation)
	section("Composition", c.composition())
	section("Collection process", c.Collection)
	section("Preprocessing, cleaning and labelling", c.Preprocessing)
	section("Known biases", c.Biases)
	section("Uses", c.Uses)
	section("Ethical considerations", c.Ethics)
	section("Distribution", c.distribution())
	section("Maintenance", c.Maintenance)
	return b.String()
}

// composition is what the values say: size, classes, features.
func (c Card) composition() string {
	var b strings.Builder
	total := 0
	for _, s := range c.Splits {
		total += s.N
	}
	fmt.Fprintf(&b, "%d %s", total, c.Instances)
	if c.Form != "" {
		fmt.Fprintf(&b, ": %s", c.Form)
	}
	fmt.Fprintf(&b, "\n\n| part | %s | equal to one before in it | equal to one of a part before |\n|---|---:|---:|---:|\n", inCell(c.Instances))
	for _, s := range c.Splits {
		fmt.Fprintf(&b, "| %s | %d | %d | %d |\n", inCell(s.Name), s.N, s.Duplicates, s.Leaked)
	}
	if len(c.Classes) > 0 {
		b.WriteString("\n| class |")
		for _, s := range c.Splits {
			fmt.Fprintf(&b, " %s | share |", inCell(s.Name))
		}
		b.WriteString("\n|---|" + strings.Repeat("---:|---:|", len(c.Splits)) + "\n")
		for i, name := range c.Classes {
			fmt.Fprintf(&b, "| %s |", inCell(name))
			for _, s := range c.Splits {
				n := 0
				if i < len(s.Counts) {
					n = s.Counts[i]
				}
				fmt.Fprintf(&b, " %d | %.1f%% |", n, 100*float64(n)/float64(max(1, s.N)))
			}
			b.WriteString("\n")
		}
	}
	if len(c.Features) > 0 {
		b.WriteString("\n| feature | values | missing | mean | standard deviation | least | greatest | zeros |\n|---|---:|---:|---:|---:|---:|---:|---:|\n")
		number := func(x float64) string { return strconv.FormatFloat(x, 'g', 5, 64) }
		for _, f := range c.Features {
			fmt.Fprintf(&b, "| %s | %d | %d | %s | %s | %s | %s | %.1f%% |\n", inCell(f.Name), f.N, f.Missing, number(f.Mean), number(f.Std), number(f.Min), number(f.Max), 100*f.Zeros)
		}
	}
	if c.Checksum != "" {
		fmt.Fprintf(&b, "\nSHA-256 of the values as loaded: `%s`\n", c.Checksum)
	}
	return b.String()
}

// distribution is where it comes from and under which terms.
func (c Card) distribution() string {
	var b strings.Builder
	if c.Licence != "" {
		fmt.Fprintf(&b, "Licence: %s\n", c.Licence)
	}
	if len(c.Source) > 0 {
		b.WriteString("\nSource:\n\n")
		for _, s := range c.Source {
			fmt.Fprintf(&b, "- %s\n", s)
		}
	}
	if len(c.Files) > 0 {
		b.WriteString("\n| file | bytes | SHA-256, uncompressed |\n|---|---:|---|\n")
		for _, f := range c.Files {
			fmt.Fprintf(&b, "| %s | %d | `%s` |\n", inCell(f.Name), f.Size, f.SHA256)
		}
	}
	return b.String()
}

func inCell(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "|", `\|`)
}

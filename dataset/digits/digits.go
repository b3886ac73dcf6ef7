// Package digits is the test set of the UCI "Optical Recognition of Handwritten Digits": 1,797 pictures of 8 x 8
// pixels, grey levels 0 to 16, by 13 writers. It is part of the binary, so it needs no download.
//
// E. Alpaydin, C. Kaynak (1998), Cascading Classifiers, Kybernetika 34(4). Order and values are those of scikit-learn's
// load_digits. NOTICE in this folder holds the sources and the licence.
//
// # The held-out fifth
//
// The set has no official split for training. Train and Test are a fixed one, stratified by class: of the n pictures of
// a class, round(n/5) are held out, namely those whose index in the whole set, written in decimal ASCII, has the lowest
// SHA-256. That makes 1,438 and 359 pictures, the same ones for ever, and easy to find again in any language. Both
// parts have pictures by the same writers, so Test tells nothing about the digits of a new writer.
package digits

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/hadal-go/hadal/dataset/imageset"
)

//go:generate go run generate.go digits.csv.gz

// packed is gzip of 1,797 records: 64 pixels, row by row, and the label.
//
//go:embed digits.bin.gz
var packed []byte

const (
	count      = 1797
	side       = 8
	recordSize = side*side + 1
)

// Load returns all 1,797 pictures, a fresh copy at each call: (1797, 8, 8, 1), values 0 to 16.
func Load() *imageset.Images {
	records := unpack()
	m := &imageset.Images{
		N: count, H: side, W: side, C: 1, Max: 16,
		Pix:     make([]uint8, 0, count*side*side),
		Labels:  make([]uint8, 0, count),
		Classes: []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
	}
	for record := range slices.Chunk(records, recordSize) {
		m.Pix = append(m.Pix, record[:side*side]...)
		m.Labels = append(m.Labels, record[side*side])
	}
	return m
}

// Train returns the 1,438 pictures to train on, in the order of Load.
func Train() *imageset.Images {
	m := Load()
	train, _ := split(m)
	return m.Subset(train)
}

// Test returns the 359 held-out pictures, in the order of Load.
func Test() *imageset.Images {
	m := Load()
	_, test := split(m)
	return m.Subset(test)
}

// Split returns the indices into Load of the pictures of Train and of Test, both rising.
func Split() (train, test []int) { return split(Load()) }

func split(m *imageset.Images) (train, test []int) {
	byClass := make([][]int, len(m.Classes))
	key := make([][sha256.Size]byte, m.N)
	for i, label := range m.Labels {
		byClass[label] = append(byClass[label], i)
		key[i] = sha256.Sum256(strconv.AppendInt(nil, int64(i), 10))
	}
	for _, class := range byClass {
		slices.SortFunc(class, func(i, j int) int { return cmp.Or(bytes.Compare(key[i][:], key[j][:]), cmp.Compare(i, j)) })
		held := (2*len(class) + 5) / 10 // round(n/5)
		test = append(test, class[:held]...)
		train = append(train, class[held:]...)
	}
	slices.Sort(train)
	slices.Sort(test)
	return train, test
}

// unpack returns the embedded records. It panics if they are damaged, which only a broken build can cause.
func unpack() []byte {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		panic(fmt.Sprintf("digits: embedded file: %v", err))
	}
	records, err := io.ReadAll(r)
	if err != nil || len(records) != count*recordSize {
		panic(fmt.Sprintf("digits: embedded file has %d bytes (%v), want %d", len(records), err, count*recordSize))
	}
	return records
}

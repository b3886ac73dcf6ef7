//go:build ignore

// Generate converts scikit-learn's digits.csv.gz (sklearn/datasets/data in its source and its packages) to
// digits.bin.gz: run it as
//
//	go run generate.go path/to/digits.csv.gz
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"log"
	"os"
	"strconv"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: go run generate.go digits.csv.gz")
	}
	if err := convert(os.Args[1], "digits.bin.gz"); err != nil {
		log.Fatal(err)
	}
}

func convert(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	text, err := gzip.NewReader(in)
	if err != nil {
		return err
	}
	lines := csv.NewReader(text)
	lines.FieldsPerRecord = 65
	rows, err := lines.ReadAll()
	if err != nil {
		return err
	}
	var out bytes.Buffer
	packed, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return err
	}
	for i, row := range rows {
		record := make([]byte, len(row))
		for j, field := range row {
			value, err := strconv.ParseUint(field, 10, 8)
			if err != nil || value > 16 || j == 64 && value > 9 {
				log.Fatalf("%s: row %d, column %d: %q is neither a grey level nor a digit", from, i+1, j+1, field)
			}
			record[j] = byte(value)
		}
		if _, err := packed.Write(record); err != nil {
			return err
		}
	}
	if err := packed.Close(); err != nil {
		return err
	}
	return os.WriteFile(to, out.Bytes(), 0o644)
}

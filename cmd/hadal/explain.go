package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/hadal-go/hadal/explain"
	"github.com/hadal-go/hadal/plot"
)

type explainCmd struct {
	Run_   string `arg:"" name:"run" help:"Run folder of an image classifier." type:"path"`
	Image  string `arg:"" name:"image" help:"Picture: PNG, JPEG, GIF, BMP, TIFF or WebP, which is made as those that the model was trained on, as predict does."`
	Class  string `help:"Class to explain, by name or number from 0; default: the one that the model says."`
	Layer  string `help:"Module whose feature maps Grad-CAM looks at, such as conv1; default: the last convolution."`
	Invert bool   `help:"Turn dark on light into light on dark, as the digits and clothes are."`
	Out    string `help:"File to write, .png or .svg." type:"path" default:"explanation.png"`
}

func (c *explainCmd) Run(a *app) error {
	if ext := strings.ToLower(filepath.Ext(c.Out)); ext != ".png" && ext != ".svg" {
		return usageError{fmt.Errorf("--out %s: end the name in .png or .svg", c.Out)}
	}
	model, info, recipe, err := openClassifier(c.Run_)
	if err != nil {
		return err
	}
	img, err := readImage(c.Image)
	if err != nil {
		return err
	}
	x := info.Input(img, c.Invert)
	said, err := info.Predict(model, x)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Run_, err)
	}
	class, err := c.class(info.Classes, said[0].Index)
	if err != nil {
		return usageError{err}
	}
	var probability float64
	for _, p := range said {
		if p.Index == class {
			probability = p.Probability
		}
	}
	if c.Layer != "" {
		if _, err := explain.GradCAM(model, x, []int{class}, explain.GradCAMConfig{Layer: c.Layer}); err != nil {
			return usageError{fmt.Errorf("--layer: %w", err)}
		}
	}
	tiles, missing := explain.Sheet(model, x, explain.SheetConfig{Class: &class, Mean: info.Mean, Std: info.Std, Layer: c.Layer})
	title := fmt.Sprintf("%s on %s, %s: why %s, probability %.4f", recipe, info.Set, filepath.Base(c.Image), info.Classes[class], probability)
	if said[0].Index != class {
		title += fmt.Sprintf("; the model says %s, %.4f", said[0].Class, said[0].Probability)
	}
	if err := plot.ImageGrid(c.Out, tiles, plot.ImageGridConfig{Title: title, Columns: min(len(tiles), 5)}); err != nil {
		return err
	}
	if a.json {
		return a.out.line(map[string]any{
			"event": "explanation", "file": c.Image, "class": info.Classes[class], "probability": probability, "out": c.Out, "left_out": append([]string{}, missing...),
		})
	}
	fmt.Fprintf(a.out, "%s: %s %.4f, explained in %s\n", c.Image, info.Classes[class], probability, c.Out)
	for _, m := range missing {
		fmt.Fprintf(a.out, "left out: %s\n", m)
	}
	return nil
}

// class returns the number of the class that is asked for, or of what the model said. A name in the same case goes before one in another, and that
// before a number.
func (c *explainCmd) class(classes []string, said int) (int, error) {
	if c.Class == "" {
		return said, nil
	}
	if k := slices.Index(classes, c.Class); k >= 0 {
		return k, nil
	}
	if k := slices.IndexFunc(classes, func(name string) bool { return strings.EqualFold(name, c.Class) }); k >= 0 {
		return k, nil
	}
	if k, err := strconv.Atoi(c.Class); err == nil && k >= 0 && k < len(classes) {
		return k, nil
	}
	return 0, fmt.Errorf("--class %s: the model's classes are %s, or 0 to %d", c.Class, strings.Join(classes, ", "), len(classes)-1)
}

package emoji

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/png"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/dataset/source/sourcetest"
)

type entry struct {
	name string
	data []byte
}

// packed is an npm package of the files.
func packed(t *testing.T, files ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: "package/" + f.name, Mode: 0o644, Size: int64(len(f.data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// dot is a transparent picture of 64 x 64 with one pixel of a colour at its top left.
func dot(t *testing.T, c color.NRGBA) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	img.SetNRGBA(0, 0, c)
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Three emoji; one has a variation, and one is not in both styles.
const emojiJSON = `[
	{"image": "b.png", "category": "Symbols", "has_img_google": true, "has_img_twitter": true},
	{"image": "a.png", "category": "Flags", "has_img_google": true, "has_img_twitter": true,
	 "skin_variations": {"1F3FB": {"image": "c.png", "has_img_google": true, "has_img_twitter": true}}},
	{"image": "d.png", "category": "Objects", "has_img_google": true, "has_img_twitter": false}
]`

func TestRead(t *testing.T) {
	red, blue, green := color.NRGBA{255, 0, 0, 255}, color.NRGBA{0, 0, 255, 255}, color.NRGBA{0, 255, 0, 255}
	pictures := []entry{{"img/google/64/b.png", dot(t, blue)}, {"img/google/64/c.png", dot(t, green)}, {"img/google/64/a.png", dot(t, red)}, {"img/google/64/d.png", nil}, {"img/twitter/64/a.png", nil}}
	list := entry{"emoji.json", []byte(emojiJSON)}
	for name, files := range map[string][]entry{"list first": append([]entry{list}, pictures...), "list last": append(slices.Clone(pictures), list), "list in the middle": slices.Concat(pictures[1:4], []entry{list}, pictures[:1])} {
		for skin, want := range map[bool]struct{ firsts, labels []uint8 }{
			false: {[]uint8{255, 0, 0, 0, 0, 255}, []uint8{0, 1}},
			true:  {[]uint8{255, 0, 0, 0, 0, 255, 0, 255, 0}, []uint8{0, 1, 0}},
		} {
			m, err := read(t.Context(), bytes.NewReader(packed(t, files...)), Google, skin)
			if err != nil {
				t.Fatal(name, err)
			}
			var firsts []uint8
			for i := range m.N {
				p := m.Image(i)
				firsts = append(firsts, p[:3]...)
				if !slices.Equal(p[3:], slices.Repeat([]uint8{255}, len(p)-3)) {
					t.Errorf("%s: picture %d is not on white", name, i)
				}
			}
			if m.Check() != nil || m.H != side || m.W != side || m.C != 3 || m.Max != 255 || !slices.Equal(m.Classes, []string{"Flags", "Symbols"}) || !slices.Equal(firsts, want.firsts) || !slices.Equal(m.Labels, want.labels) {
				t.Errorf("%s, skin tones %v: %d pictures that begin with %v, labels %v, classes %q (%v)", name, skin, m.N, firsts, m.Labels, m.Classes, m.Check())
			}
		}
	}
}

func TestBadArchives(t *testing.T) {
	list, a := entry{"emoji.json", []byte(emojiJSON)}, entry{"img/google/64/a.png", dot(t, color.NRGBA{})}
	good := packed(t, list, a, entry{"img/google/64/b.png", a.data})
	big, err := json.Marshal(strings.Repeat("x", maxList))
	if err != nil {
		t.Fatal(err)
	}
	for want, b := range map[string][]byte{
		"gzip: invalid header":                    []byte("<html><body>404 Not Found</body></html>"),
		"unexpected EOF":                          good[:len(good)/2],
		"it has no emoji.json":                    packed(t, a),
		"picture b.png is missing":                packed(t, list, a),
		"b.png is a damaged PNG":                  packed(t, list, a, entry{"img/google/64/b.png", a.data[:50]}),
		"b.png is not a picture":                  packed(t, list, a, entry{"img/google/64/b.png", []byte("hi")}),
		"emoji.json: invalid character":           packed(t, entry{"emoji.json", []byte("[x")}),
		"emoji.json: it lists 0 pictures":         packed(t, entry{"emoji.json", []byte("[]")}),
		"package/emoji.json has 16777218 bytes":   packed(t, entry{"emoji.json", big}),
		"package/img/google/64/a.png has 1048577": packed(t, list, entry{"img/google/64/a.png", make([]byte, maxPicture+1)}),
		"more than 20000 pictures or 64 MB":       packed(t, slices.Repeat([]entry{{a.name, make([]byte, maxPicture)}}, 65)...),
	} {
		if m, err := read(t.Context(), bytes.NewReader(b), Google, false); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") || m != nil {
			t.Errorf("%v; want %s", err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := read(ctx, bytes.NewReader(good), Google, false); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// The archives that everybody has, if this machine has them: the numbers of Unicode 16.0's emoji by category.
func TestOriginal(t *testing.T) {
	cfg := sourcetest.Find(t, Set)
	want := map[string]int{"Activities": 85, "Animals & Nature": 159, "Component": 5, "Flags": 270, "Food & Drink": 131, "Objects": 264, "People & Body": 386, "Smileys & Emotion": 169, "Symbols": 224, "Travel & Places": 218}
	var labels [][]uint8
	for _, load := range []func(context.Context, source.Config) (*imageset.Images, error){Train, Test} {
		m, err := load(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if m.N != 1911 || len(m.Classes) != len(want) || m.Check() != nil {
			t.Fatalf("%d pictures in %d classes (%v)", m.N, len(m.Classes), m.Check())
		}
		for k, n := range m.Counts() {
			if n != want[m.Classes[k]] {
				t.Errorf("%s: %d pictures, want %d", m.Classes[k], n, want[m.Classes[k]])
			}
		}
		labels = append(labels, m.Labels)
	}
	if !slices.Equal(labels[0], labels[1]) {
		t.Error("the styles are in different orders")
	}
	all, err := Load(t.Context(), cfg, Twitter, true)
	if err != nil {
		t.Fatal(err)
	}
	if all.N != 3786 {
		t.Errorf("%d pictures with those of skin tones, want 3786", all.N)
	}
}

package npy

import (
	"archive/zip"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/hadal-go/hadal/format/atomicfile"
	"github.com/hadal-go/hadal/format/internal/raw"
	"github.com/hadal-go/hadal/internal/oserr"
)

// Named is an array of an archive.
type Named struct {
	Name string
	*Array
}

// NPZ gives access to the arrays of an archive one by one. Its methods may be called by several goroutines at once.
type NPZ struct {
	name  string // for errors: the path
	names []string
	files map[string]*zip.File
	file  *os.File // nil if not opened here
}

// inflation is the most that deflate can compress: 258 bytes in 2 bits.
const inflation = 1032

// ReadNPZ reads the directory of the archive in the size bytes of r, and no array. Members may be stored or deflated. A
// small archive cannot stand for endless data: members that together have more bytes than the file, or that claim more
// than deflate can make of theirs, are errors here, and a member that holds more or less than it claims is one when read.
func ReadNPZ(r io.ReaderAt, size int64) (*NPZ, error) { return readNPZ("npz", r, size) }

// OpenNPZ opens the archive at path. Close it after use.
func OpenNPZ(path string) (*NPZ, error) {
	f, size, err := raw.Open(path, "an .npz file")
	if err != nil {
		return nil, err
	}
	z, err := readNPZ(path, f, size)
	if err != nil {
		f.Close()
		return nil, err
	}
	z.file = f
	return z, nil
}

func readNPZ(name string, r io.ReaderAt, size int64) (*NPZ, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; it is damaged or no .npz file: get it again", name, oserr.Cause(err))
	}
	z := &NPZ{name: name, files: map[string]*zip.File{}}
	left := uint64(size)
	for _, f := range archive.File {
		array, ok := strings.CutSuffix(f.Name, ".npy")
		switch {
		case !ok:
			return nil, fmt.Errorf("%s: member %.80q is no .npy file: write the archive with numpy.savez", name, f.Name)
		case z.files[array] != nil:
			return nil, fmt.Errorf("%s: two members are named %.80q: the archive is damaged, get it again", name, f.Name)
		case f.Flags&1 != 0:
			return nil, fmt.Errorf("%s: member %.80q is encrypted: write the archive without a password", name, f.Name)
		case f.Method != zip.Store && f.Method != zip.Deflate:
			return nil, fmt.Errorf("%s: member %.80q is compressed by method %d, want stored or deflated: write the archive with numpy.savez_compressed", name, f.Name, f.Method)
		case f.CompressedSize64 > left:
			return nil, fmt.Errorf("%s: member %.80q lies outside the file or shares bytes with another: the archive is damaged, get it again", name, f.Name)
		case f.UncompressedSize64/inflation > f.CompressedSize64:
			return nil, fmt.Errorf("%s: member %.80q claims %d bytes from %d, which no compression does: the archive is damaged, get it again", name, f.Name, f.UncompressedSize64, f.CompressedSize64)
		}
		left -= f.CompressedSize64
		z.names = append(z.names, array)
		z.files[array] = f
	}
	return z, nil
}

// Close closes the file that OpenNPZ opened.
func (z *NPZ) Close() error {
	if z.file == nil {
		return nil
	}
	return z.file.Close()
}

// Names returns the names of the arrays in the archive's order: the members' names without .npy.
func (z *NPZ) Names() []string { return append([]string(nil), z.names...) }

// Read reads the array of that name.
func (z *NPZ) Read(name string) (*Array, error) {
	f := z.files[name]
	if f == nil {
		return nil, fmt.Errorf("%s has no array %.80q: its %d arrays are what Names lists", z.name, name, len(z.names))
	}
	member, err := f.Open()
	if err == nil {
		defer member.Close()
		var a *Array
		if a, err = readAll(member, int(f.CompressedSize64)); err == nil {
			return a, nil
		}
	}
	var corrupt flate.CorruptInputError
	if errors.Is(err, zip.ErrFormat) || errors.Is(err, zip.ErrChecksum) || errors.As(err, &corrupt) {
		err = fmt.Errorf("%w: it does not hold what the archive's directory says, get it again", err)
	}
	return nil, fmt.Errorf("%s: array %.80q: %w", z.name, name, oserr.Cause(err))
}

// All reads all arrays.
func (z *NPZ) All() ([]Named, error) {
	arrays := make([]Named, 0, len(z.names))
	for _, name := range z.names {
		a, err := z.Read(name)
		if err != nil {
			return nil, err
		}
		arrays = append(arrays, Named{name, a})
	}
	return arrays, nil
}

// ReadNPZFile reads all arrays of the archive at path.
func ReadNPZFile(path string) ([]Named, error) {
	z, err := OpenNPZ(path)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return z.All()
}

// WriteNPZ writes an archive of arrays to w as numpy.savez does: stored, in the given order. All times in it are zero, so
// that the same arrays give the same bytes.
func WriteNPZ(w io.Writer, arrays []Named) error {
	if err := writeNPZ(w, arrays); err != nil {
		return fmt.Errorf("npz: %w", err)
	}
	return nil
}

// WriteNPZFile writes an archive to the file at path, whole or not at all.
func WriteNPZFile(path string, arrays []Named) error {
	return atomicfile.WriteFile(path, func(w io.Writer) error { return writeNPZ(w, arrays) })
}

func writeNPZ(w io.Writer, arrays []Named) error {
	z := zip.NewWriter(w)
	seen := map[string]bool{}
	for _, a := range arrays {
		if seen[a.Name] {
			return fmt.Errorf("two arrays are named %.80q: rename one", a.Name)
		}
		seen[a.Name] = true
		if len(a.Name) > 1<<16-1-len(".npy") {
			return fmt.Errorf("array name %.80q... has %d bytes, too many for the format: rename it", a.Name, len(a.Name))
		}
		if a.Array == nil {
			return fmt.Errorf("array %.80q is nil", a.Name)
		}
		member, err := z.CreateHeader(&zip.FileHeader{Name: a.Name + ".npy", Method: zip.Store})
		if err != nil {
			return err
		}
		if err := write(member, a.Array); err != nil {
			return fmt.Errorf("array %.80q: %w", a.Name, err)
		}
	}
	return z.Close()
}

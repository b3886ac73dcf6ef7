// Package source finds the files that a data set is made of.
//
// A Set names its files, the addresses that they come from and the SHA-256 of their content. Set.Get looks for each
// file in this order and takes the first that it finds:
//
//  1. Config.Dir (a command's --data-dir): its subfolder Set.Dir, then the folder itself
//  2. $HADAL_DATA: likewise
//  3. the cache: $HADAL_CACHE/Set.Dir, or hadal/Set.Dir in the user's cache folder (os.UserCacheDir)
//  4. the system's folders, Set.Dirs
//
// What is nowhere is downloaded into the cache, unless Config.Offline says no. A file may lie gzip-compressed or not
// (x.gz or x), and an idx file may have a dot in its name (train-images.idx3-ubyte for train-images-idx3-ubyte).
//
// What is downloaded is always checked. What lies in a folder of the data set's own is trusted, so that another set in
// the same format can take its place, unless Config.Verify asks for the check. A file that lies in Config.Dir or
// $HADAL_DATA itself, which many sets share, counts only if its content is right: MNIST and Fashion-MNIST use the same
// file names.
package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// File is one file of a data set.
type File struct {
	// Name is its name as downloaded, such as train-images-idx3-ubyte.gz. A name that ends in .gz means that the
	// content is what gzip wraps.
	Name string

	// URLs are the addresses that it can be downloaded from, tried in order.
	URLs []string

	// SHA256 is the hash of the content, in hexadecimal: of the uncompressed bytes, so that one hash serves a file
	// that is compressed, compressed differently or not compressed. Without it the file is never downloaded.
	SHA256 string

	// Size is the number of bytes of the content. No more than that is ever read. Without it (0) the file is never
	// downloaded and reading has no bound.
	Size int64
}

// Set is a data set as a list of files.
type Set struct {
	Name    string // short name, starts every error: fashion-mnist
	Title   string // name for people: Fashion-MNIST
	Licence string
	Home    string // page about the data set, for people
	Files   []File
	Dirs    []string // system folders to look in, such as /usr/share/datasets/fashion-mnist
	Dir     string   // name of its own subfolder of Config.Dir, $HADAL_DATA and the cache
}

// Config says where to look for files and whether to download. The zero value looks everywhere and downloads.
type Config struct {
	Dir     string // folder to look in first (--data-dir); it must exist
	Offline bool   // never download
	Verify  bool   // check the SHA-256 of every file that is found, not only of what is downloaded

	// Client makes the requests. nil is a client with time-outs for connecting and for the first answer; a transfer
	// may take as long as it likes while bytes arrive.
	Client *http.Client

	// Progress, if not nil, is called during a download with the file's name, the bytes that are there and the bytes
	// that there will be (-1 if unknown), from the goroutine that called Get.
	Progress func(name string, done, total int64)
}

// Locate returns the path of each named file (of all files of the set without names), keyed by File.Name. It downloads
// nothing: a file that is in none of the folders is a *MissingError.
func (s Set) Locate(cfg Config, names ...string) (map[string]string, error) {
	paths, missing, looked, err := s.locate(cfg, names)
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		return nil, s.missing(missing, looked, cfg, nil)
	}
	return paths, nil
}

// Get returns the path of each named file (of all files of the set without names), keyed by File.Name, and downloads
// those that are in none of the folders. A download that is cut off or stopped by ctx continues at the next call. A
// file that cannot be had is a *MissingError.
func (s Set) Get(ctx context.Context, cfg Config, names ...string) (map[string]string, error) {
	paths, missing, looked, err := s.locate(cfg, names)
	if err != nil {
		return nil, err
	}
	if len(missing) == 0 {
		return paths, nil
	}
	if cfg.Offline {
		return nil, s.missing(missing, looked, cfg, errOffline)
	}
	dir, err := s.cache()
	if err == nil {
		err = s.download(ctx, cfg, dir, missing)
	}
	if ctxErr := ctx.Err(); ctxErr != nil && err != nil {
		return nil, fmt.Errorf("%s: download stopped (run again to continue it): %w", s.Name, ctxErr)
	}
	if err != nil {
		return nil, s.missing(missing, looked, cfg, err)
	}
	for _, f := range missing {
		paths[f.Name] = filepath.Join(dir, f.Name)
	}
	return paths, nil
}

// File returns the file of that name, and whether the set has it.
func (s Set) File(name string) (File, bool) {
	i := slices.IndexFunc(s.Files, func(f File) bool { return f.Name == name })
	if i < 0 {
		return File{}, false
	}
	return s.Files[i], true
}

// CacheDir returns the folder that Get downloads into.
func (s Set) CacheDir() (string, error) {
	dir, err := s.cache()
	if err != nil {
		return "", fmt.Errorf("%s: %w", s.Name, err)
	}
	return dir, nil
}

func (s Set) cache() (string, error) {
	if dir := os.Getenv("HADAL_CACHE"); dir != "" {
		return filepath.Join(dir, s.Dir), nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", errors.New("no cache folder: set HADAL_CACHE")
	}
	return filepath.Join(dir, "hadal", s.Dir), nil
}

// folder is a place to look in.
type folder struct {
	path   string
	shared bool // other sets lie here too: names prove nothing
}

func (s Set) folders(cfg Config) []folder {
	var all []folder
	for _, dir := range []string{cfg.Dir, os.Getenv("HADAL_DATA")} {
		if dir != "" {
			own := filepath.Base(dir) == s.Dir
			all = append(all, folder{path: filepath.Join(dir, s.Dir)}, folder{path: filepath.Clean(dir), shared: !own})
		}
	}
	if dir, err := s.cache(); err == nil {
		all = append(all, folder{path: dir})
	}
	for _, dir := range s.Dirs {
		all = append(all, folder{path: dir})
	}
	return all
}

// locate returns the paths of the files that are there, the files that are not, and where it looked.
func (s Set) locate(cfg Config, names []string) (paths map[string]string, missing []File, looked []string, err error) {
	if cfg.Dir != "" {
		if info, err := os.Stat(cfg.Dir); err != nil || !info.IsDir() {
			return nil, nil, nil, fmt.Errorf("%s: data folder %s is not a folder that can be read: give one that exists", s.Name, cfg.Dir)
		}
	}
	files := s.Files
	if len(names) > 0 {
		files = nil
		for _, name := range names {
			f, ok := s.File(name)
			if !ok {
				return nil, nil, nil, fmt.Errorf("%s: the data set has no file %s", s.Name, name)
			}
			files = append(files, f)
		}
	}
	paths = map[string]string{}
	folders := s.folders(cfg)
	for _, dir := range folders {
		looked = append(looked, dir.path)
	}
	for _, f := range files {
		path, err := s.search(cfg, f, folders, looked)
		if err != nil {
			return nil, nil, nil, err
		}
		if path == "" {
			missing = append(missing, f)
		} else {
			paths[f.Name] = path
		}
	}
	return paths, missing, looked, nil
}

// search returns the first path of f in the folders, "" if there is none. It notes in looked where a file of that name
// has another content.
func (s Set) search(cfg Config, f File, folders []folder, looked []string) (string, error) {
	for i, dir := range folders {
		for _, name := range f.spellings() {
			path := filepath.Join(dir.path, name)
			if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
				continue
			}
			if f.SHA256 == "" || !dir.shared && !cfg.Verify {
				return path, nil
			}
			err := f.Check(path)
			if err == nil {
				return path, nil
			}
			if !dir.shared {
				return "", fmt.Errorf("%s: %s: %w", s.Name, path, err)
			}
			looked[i] = fmt.Sprintf("%s, whose %s is not this data set's", dir.path, name)
		}
	}
	return "", nil
}

// spellings are the names that the file may have on disk: uncompressed first, which is the quickest to read.
func (f File) spellings() []string {
	raw := strings.TrimSuffix(f.Name, ".gz")
	names := []string{raw, raw + ".gz"}
	if before, after, ok := strings.Cut(raw, "-idx"); ok {
		dotted := before + ".idx" + after
		names = append(names, dotted, dotted+".gz")
	}
	return names
}

// errOffline is the reason of a MissingError when Config.Offline forbids the download.
var errOffline = errors.New("offline")

// MissingError says which files of a set are nowhere to be had. errors.Is finds fs.ErrNotExist in it.
type MissingError struct {
	Set    Set
	Files  []string // names of the files
	Looked []string // folders that were searched, first the one to put files into
	Reason error    // why the download failed, nil if none was tried
	into   string
}

func (s Set) missing(files []File, looked []string, cfg Config, reason error) *MissingError {
	e := &MissingError{Set: s, Looked: looked, Reason: reason, into: s.Dir}
	for _, f := range files {
		e.Files = append(e.Files, f.Name)
	}
	if folders := s.folders(cfg); len(folders) > 0 {
		e.into = folders[0].path
	}
	return e
}

// Error is one line: what is missing, where it was looked for, why it could not be downloaded, and the mend.
func (e *MissingError) Error() string {
	reason := ""
	switch {
	case e.Reason == errOffline:
		reason = " and downloading is turned off"
	case e.Reason != nil:
		reason = fmt.Sprintf(" and download failed (%v)", e.Reason)
	}
	files := "file"
	if n := len(e.Set.Files); n != 1 {
		files = fmt.Sprintf("%d files", n)
	}
	if len(e.Looked) == 0 { // without a home there is no cache folder
		return fmt.Sprintf("%s: %s not found%s: set HADAL_DATA to a folder with the %s from %s", e.Set.Name, strings.Join(e.Files, ", "), reason, files, e.Set.Home)
	}
	return fmt.Sprintf("%s: %s not found (looked in %s)%s: put the %s from %s into %s or set HADAL_DATA",
		e.Set.Name, strings.Join(e.Files, ", "), strings.Join(e.Looked, ", "), reason, files, e.Set.Home, e.into)
}

// Unwrap returns fs.ErrNotExist and the reason.
func (e *MissingError) Unwrap() []error {
	if e.Reason == nil {
		return []error{fs.ErrNotExist}
	}
	return []error{fs.ErrNotExist, e.Reason}
}

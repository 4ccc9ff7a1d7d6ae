package vault

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"

	"trip2g/services/trip2g"
)

// index finds files by reference.
type index struct {
	exact  map[string]bool
	byPath map[string][]string // by folded path
	byName map[string][]string // by folded last segment, the shortest path first
}

func newIndex() index {
	return index{exact: map[string]bool{}, byPath: map[string][]string{}, byName: map[string][]string{}}
}

func (x *index) add(p string) {
	x.exact[p] = true
	key := trip2g.FoldPath(p)
	x.byPath[key] = append(x.byPath[key], p)
	x.byName[path.Base(key)] = append(x.byName[path.Base(key)], p)
}

func (x *index) sort() {
	for _, paths := range x.byName {
		slices.SortFunc(paths, func(a, b string) int {
			return cmp.Or(cmp.Compare(strings.Count(a, "/"), strings.Count(b, "/")), cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
		})
	}
}

// at finds the file at a path, else one whose path differs only in case or encoding.
func (x *index) at(p string) (string, bool) {
	if x.exact[p] {
		return p, true
	}
	if found := x.byPath[trip2g.FoldPath(p)]; len(found) > 0 {
		return found[0], true
	}
	return "", false
}

// ending finds the file with the shortest path that ends in the segments of p.
func (x *index) ending(p string) (string, bool) {
	suffix := trip2g.FoldPath("/" + p)
	for _, found := range x.byName[path.Base(suffix)] {
		if strings.HasSuffix(trip2g.FoldPath("/"+found), suffix) {
			return found, true
		}
	}
	return "", false
}

// FindAsset finds the file that a reference in a note means, as Obsidian does: relative to the note
// (unless it starts with "/"), else from the vault's root, else the shortest path that ends in it.
// It is tried as written, then without "#..." and "?...", then percent-decoded. For a drawing of
// Excalidraw it is the exported image. ok is false if the vault has no such file to publish.
func (v *Vault) FindAsset(notePath, ref string) (assetPath string, ok bool) {
	if found, ok := v.files.find(notePath, ref); ok {
		return found, true
	}
	for _, image := range exportsOf(ref) {
		if found, ok := v.files.find(notePath, image); ok {
			return found, true
		}
	}
	return "", false
}

// MissingAsset returns why FindAsset finds no file for a reference, "" if that is not a problem.
func (v *Vault) MissingAsset(notePath, ref string) string {
	if found, ok := v.outside.find(notePath, ref); ok {
		return fmt.Sprintf("which is excluded (%s)", v.excluded[found])
	}
	if _, ok := v.names.find(notePath, ref); ok {
		return "" // a note can be called Node.js
	}
	return "which is not in the folder"
}

// find finds the file that a reference in a note means: see Vault.FindAsset.
func (x *index) find(notePath, ref string) (string, bool) {
	for _, candidate := range interpretations(ref) {
		if found, ok := x.from(path.Dir(notePath), candidate); ok {
			return found, true
		}
	}
	return "", false
}

// interpretations returns the possible paths of a reference, the most literal first.
func interpretations(ref string) []string {
	bare := ref
	if i := strings.IndexAny(ref, "#?"); i >= 0 {
		bare = ref[:i]
	}
	out := []string{ref, bare}
	for _, written := range []string{ref, bare} {
		if decoded, err := url.PathUnescape(written); err == nil {
			out = append(out, decoded)
		}
	}
	return out
}

func (x *index) from(dir, ref string) (string, bool) {
	fromRoot := path.Clean(strings.TrimLeft(ref, "/"))
	if !strings.HasPrefix(ref, "/") {
		// path.Join leaves the ".." of a reference that climbs out, and no file has such a path.
		if found, ok := x.at(path.Join(dir, ref)); ok {
			return found, true
		}
	}
	if found, ok := x.at(fromRoot); ok {
		return found, true
	}
	return x.ending(fromRoot)
}

// HashAsset reads a file that FindAsset found: its SHA-256 in lower-case hex and its size in bytes.
func (v *Vault) HashAsset(ctx context.Context, assetPath string) (hash string, size int64, err error) {
	type sum struct {
		hash string
		size int64
		err  error
	}
	found := cached(v, assetPath, func() (sum, error) {
		hash, size, err := v.hashFile(ctx, assetPath)
		return sum{hash, size, err}, err
	})
	return found.hash, found.size, found.err
}

func (v *Vault) hashFile(ctx context.Context, assetPath string) (hash string, size int64, err error) {
	f, err := v.OpenAsset(assetPath)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	sum := sha256.New()
	size, err = io.Copy(sum, readerWith(ctx, f))
	if err != nil {
		return "", 0, readError(assetPath, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), size, nil
}

// OpenAsset opens a file that FindAsset found. EINVALID if that cannot be done; the error is
// fs.ErrNotExist if the file is gone.
func (v *Vault) OpenAsset(assetPath string) (io.ReadCloser, error) {
	info, err := v.root.Stat(v.name(assetPath))
	if err != nil {
		return nil, readError(assetPath, err)
	}
	if !info.Mode().IsRegular() {
		return nil, trip2g.Errorf(trip2g.EINVALID, "%s is no longer a regular file", assetPath)
	}
	f, err := v.root.Open(v.name(assetPath))
	if err != nil {
		return nil, readError(assetPath, err)
	}
	return f, nil
}

// contextReader is a reader that fails when its context ends.
type contextReader struct {
	ctx context.Context
	io.Reader
}

func readerWith(ctx context.Context, r io.Reader) io.Reader { return contextReader{ctx, r} }

func (r contextReader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, r.ctx.Err()
	}
	return r.Reader.Read(p)
}

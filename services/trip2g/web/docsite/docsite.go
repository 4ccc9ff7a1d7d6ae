// Package docsite serves the embedded documentation as a vault, in place of a database.
package docsite

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"trip2g/services/trip2g"
)

// Vault is an immutable vault. It is safe for concurrent use.
type Vault struct {
	notes    []trip2g.Note
	files    map[string]file // by hash
	loadedAt time.Time
}

type file struct {
	asset   trip2g.Asset
	content []byte
}

var (
	_ trip2g.ChangeSource = (*Vault)(nil)
	_ trip2g.AssetReader  = (*Vault)(nil)
)

// fileEndings are the extensions of the files in the vault, besides notes.
var fileEndings = []string{".svg", ".png", ".pdf", ".wav", ".json"}

// Load reads a vault. references returns the file references in a note's text.
func Load(from fs.FS, references func(path, content string) []string) (*Vault, error) {
	v := &Vault{files: make(map[string]file), loadedAt: time.Now()}
	var assets []trip2g.NoteAsset
	err := fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		isFile := slices.Contains(fileEndings, path.Ext(name))
		if !isFile && path.Ext(name) != ".md" {
			return nil
		}
		content, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		if isFile {
			assets = append(assets, v.addFile(name, content))
		} else {
			v.addNote(name, string(content))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the documentation: %w", err)
	}
	if len(v.notes) == 0 {
		return nil, fmt.Errorf("read the documentation: there is no note")
	}
	for i := range v.notes {
		n := &v.notes[i]
		for _, ref := range references(n.Path, n.Content) {
			if asset, ok := findFile(assets, n.Path, ref); ok {
				n.Assets = append(n.Assets, asset)
			}
		}
	}
	return v, nil
}

// findFile resolves a note's reference: relative to the note's folder, else to the vault's root,
// else by file name.
func findFile(files []trip2g.NoteAsset, notePath, ref string) (trip2g.NoteAsset, bool) {
	for _, matches := range []func(p string) bool{
		func(p string) bool { return p == path.Join(path.Dir(notePath), ref) },
		func(p string) bool { return p == path.Clean(strings.TrimPrefix(ref, "/")) },
		func(p string) bool { return path.Base(p) == ref },
	} {
		for _, f := range files {
			if matches(f.AbsolutePath) {
				f.Ref = ref
				return f, true
			}
		}
	}
	return trip2g.NoteAsset{}, false
}

func (v *Vault) addNote(name, content string) {
	v.notes = append(v.notes, trip2g.Note{
		ID: int64(len(v.notes) + 1), Path: name, Content: content, Hash: trip2g.ContentHash(content),
	})
}

func (v *Vault) addFile(name string, content []byte) trip2g.NoteAsset {
	sum := sha256.Sum256(content)
	hash := hex.EncodeToString(sum[:])
	id, size := int64(len(v.files)+1), int64(len(content))
	v.files[hash] = file{trip2g.Asset{ID: id, Hash: hash, Size: size}, content}
	return trip2g.NoteAsset{AssetID: id, AbsolutePath: name, Hash: hash, Size: size}
}

// Changes implements trip2g.ChangeSource. All notes are one change.
func (v *Vault) Changes(_ context.Context, after trip2g.Position, _ int) (trip2g.ChangeSet, error) {
	set := trip2g.ChangeSet{DatabaseID: "documentation", Position: 1, Head: 1, ChangedAt: v.loadedAt}
	if after < set.Head {
		set.Notes = v.notes
	}
	return set, nil
}

// Asset implements trip2g.AssetReader.
func (v *Vault) Asset(_ context.Context, hash string) (trip2g.Asset, error) {
	f, ok := v.files[hash]
	if !ok {
		return trip2g.Asset{}, trip2g.Errorf(trip2g.ENOTFOUND, "the documentation has no such file")
	}
	return f.asset, nil
}

// IsReferenced implements trip2g.AssetReader.
func (v *Vault) IsReferenced(_ context.Context, hash string) (bool, error) {
	_, ok := v.files[hash]
	return ok, nil
}

// OpenAsset implements trip2g.AssetReader.
func (v *Vault) OpenAsset(ctx context.Context, hash string) (io.ReadSeekCloser, error) {
	if _, err := v.Asset(ctx, hash); err != nil {
		return nil, err
	}
	return nopCloser{bytes.NewReader(v.files[hash].content)}, nil
}

type nopCloser struct{ io.ReadSeeker }

func (nopCloser) Close() error { return nil }

// Package docsite gives the vault of the documentation to the parts that serve a site: what the
// database is for an owner's notes, the program itself is for these.
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
	"time"

	"trip2g/services/trip2g"
)

// Vault is a vault that never changes. It is safe for concurrent use.
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

// contentTypes are those of the files that the documentation refers to. Others are no part of the vault.
var contentTypes = map[string]string{
	".svg": "image/svg+xml", ".png": "image/png", ".pdf": "application/pdf", ".wav": "audio/wav",
	".json": "application/json",
}

// Load reads the vault in a file system.
func Load(from fs.FS) (*Vault, error) {
	v := &Vault{files: make(map[string]file), loadedAt: time.Now()}
	var assets []trip2g.NoteAsset
	err := fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		contentType, isFile := contentTypes[path.Ext(name)]
		if !isFile && path.Ext(name) != ".md" {
			return nil
		}
		content, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		if isFile {
			assets = append(assets, v.addFile(name, contentType, content))
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
	v.notes[0].Assets = assets // each note's references find a file that any note has
	return v, nil
}

func (v *Vault) addNote(name, content string) {
	v.notes = append(v.notes, trip2g.Note{
		ID: int64(len(v.notes) + 1), Path: name, Content: content, Hash: trip2g.ContentHash(content),
	})
}

func (v *Vault) addFile(name, contentType string, content []byte) trip2g.NoteAsset {
	sum := sha256.Sum256(content)
	hash := hex.EncodeToString(sum[:])
	id, size := int64(len(v.files)+1), int64(len(content))
	v.files[hash] = file{trip2g.Asset{ID: id, Hash: hash, Size: size, ContentType: contentType}, content}
	return trip2g.NoteAsset{AssetID: id, Ref: "/" + name, AbsolutePath: name, Hash: hash, Size: size, ContentType: contentType}
}

// Changes is trip2g.ChangeSource's: all notes are one change.
func (v *Vault) Changes(_ context.Context, after trip2g.Position, _ int) (trip2g.ChangeSet, error) {
	set := trip2g.ChangeSet{DatabaseID: "documentation", Position: 1, Head: 1, ChangedAt: v.loadedAt}
	if after < set.Head {
		set.Notes = v.notes
	}
	return set, nil
}

// Asset is trip2g.AssetReader's.
func (v *Vault) Asset(_ context.Context, hash string) (trip2g.Asset, error) {
	f, ok := v.files[hash]
	if !ok {
		return trip2g.Asset{}, trip2g.Errorf(trip2g.ENOTFOUND, "the documentation has no such file")
	}
	return f.asset, nil
}

// OpenAsset is trip2g.AssetReader's.
func (v *Vault) OpenAsset(ctx context.Context, hash string) (io.ReadSeekCloser, error) {
	if _, err := v.Asset(ctx, hash); err != nil {
		return nil, err
	}
	return nopCloser{bytes.NewReader(v.files[hash].content)}, nil
}

type nopCloser struct{ io.ReadSeeker }

func (nopCloser) Close() error { return nil }

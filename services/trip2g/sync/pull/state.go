package pull

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"trip2g/services/trip2g"
)

// The state file. No push sends names that start with a dot.
const (
	stateDir  = ".trip2g"
	stateFile = stateDir + "/pulled.json"
	// maxState is the maximum size of the state file in bytes. A million files need less.
	maxState = 512 << 20
)

// state is the content of stateFile.
type state struct {
	Version int               `json:"version"`
	Files   map[string]string `json:"files"` // SHA-256 in lower-case hex, by path
}

// State is the last common state of a pulled folder and the server: each file as it was last pulled
// or pushed. It implements push.Base.
type State struct{ folder *folder }

// OpenState reads the state of a folder; nil if it has none. The caller closes it.
func OpenState(dir string) (*State, error) {
	f, err := open(dir, nil)
	if err != nil {
		return nil, err
	}
	if !f.kept {
		f.close()
		return nil, nil
	}
	return &State{f}, nil
}

// Hash returns the SHA-256 of a file in lower-case hex; for a note, of its text.
func (s *State) Hash(path string) (hash string, had bool) {
	hash, had = s.folder.pulled[path]
	return hash, had
}

// Remember records a file as equal in the folder and on the server.
func (s *State) Remember(path, hash string) { s.folder.remember(path, hash) }

// Forget removes a file from the state.
func (s *State) Forget(path string) {
	if _, had := s.folder.pulled[path]; had {
		s.folder.forget(path)
	}
}

// Save writes the state file atomically.
func (s *State) Save() error { return s.folder.save() }

// Close releases the folder. s can be nil.
func (s *State) Close() {
	if s != nil {
		s.folder.close()
	}
}

func (f *folder) load() error {
	file, err := f.root.Open(stateFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var raw []byte
	if err == nil {
		defer file.Close()
		raw, err = io.ReadAll(io.LimitReader(file, maxState))
	}
	var s state
	if err == nil {
		err = json.Unmarshal(raw, &s)
	}
	if err != nil || s.Version != 1 {
		return trip2g.Errorf(trip2g.ENOTFOUND, "%s in the folder cannot be read: remove it, and the next pull creates a new one", stateFile)
	}
	for name, hash := range s.Files {
		f.pulled[trip2g.NormalizePath(name)] = hash
	}
	f.kept = true
	return nil
}

// save writes the state file if it has changed.
func (f *folder) save() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.changed {
		return f.sync()
	}
	raw, err := json.MarshalIndent(state{1, f.pulled}, "", " ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", stateFile, err)
	}
	if err := f.replace(stateFile, nil, anyState, bytes.NewReader(raw)); err != nil {
		return err
	}
	f.changed = false
	return f.sync()
}

func (f *folder) remember(name, hash string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pulled[name] != hash {
		f.pulled[name], f.changed = hash, true
	}
}

// moved records that a file was renamed.
func (f *folder) moved(from, to string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if hash, had := f.pulled[from]; had {
		delete(f.pulled, from)
		f.pulled[to], f.changed = hash, true
	}
}

func (f *folder) forget(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.pulled, name)
	f.changed = true
}

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

// Where a folder keeps what it has in common with the server: no push sends a name that starts with a dot.
const (
	stateDir  = ".trip2g"
	stateFile = stateDir + "/pulled.json"
	// maxState bounds that file, in bytes: of a million files it has less.
	maxState = 512 << 20
)

// state is what stateFile has.
type state struct {
	Version int               `json:"version"`
	Files   map[string]string `json:"files"` // SHA-256 in lower-case hex, by path
}

// State is what a folder that was pulled has in common with the server, for a push from it: each file
// as it was last pulled or pushed.
type State struct{ folder *folder }

// OpenState reads what a folder remembers; nil if no pull has made it. The caller closes it.
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

// Hash gives the SHA-256 in lower-case hex that a file had; of a note, of its text.
func (s *State) Hash(path string) (hash string, had bool) {
	hash, had = s.folder.pulled[path]
	return hash, had
}

// Remember takes a file as one that folder and server have alike.
func (s *State) Remember(path, hash string) { s.folder.remember(path, hash) }

// Forget takes a file as one that the folder never had.
func (s *State) Forget(path string) {
	if _, had := s.folder.pulled[path]; had {
		s.folder.forget(path)
	}
}

// Save writes what is remembered, whole or not at all.
func (s *State) Save() error { return s.folder.save() }

// Close ends the use of the folder; of nil, too.
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
		return trip2g.Errorf(trip2g.ENOTFOUND, "%s in the folder cannot be read: remove it, and the next pull makes it anew", stateFile)
	}
	for name, hash := range s.Files {
		f.pulled[trip2g.NormalizePath(name)] = hash
	}
	f.kept = true
	return nil
}

// save writes what the folder remembers.
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
	if err := f.replace(stateFile, nil, anything, bytes.NewReader(raw)); err != nil {
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

// moved takes a file that is remembered under one name as one under another.
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

// Package publish is the leader's service for vault clients: it checks and stores what they send,
// and returns when this node's readers can see it.
package publish

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"trip2g/services/trip2g"
)

// Limits of one call.
const (
	MaxUpdates      = 10_000 // notes of a push, paths of a hide or a filter
	MaxFilterLength = 1024   // bytes of a search or a pattern: long ones match slowly
)

// Options configures a Service. Fields that may be nil or 0 say so; the others are required.
type Options struct {
	Vault  trip2g.VaultStore
	Assets trip2g.AssetStore
	// References returns the files that a note's text refers to, as written, in order, each once.
	References func(path, content string) []string
	// Address returns the URL path of a note, "" for none, so that a moved note's old URL redirects
	// to it. nil: moved notes get no redirects.
	Address func(path, content string) string
	// Published returns a note of this node's site.
	Published func(id int64) (note trip2g.PublishedNote, ok bool)
	// Settings parses the note trip2g.SettingsPath. nil: privileged settings are not checked.
	Settings func(content string) trip2g.Settings
	// StoredAccess returns the stored default access; nil: there is none.
	StoredAccess func() trip2g.SiteAccess
	// Refresh updates this node's site from the database and returns the site's position.
	Refresh func(context.Context) (trip2g.Position, error)

	MaxNoteSize  int64 // bytes; 0: trip2g.DefaultMaxNoteSize
	MaxAssetSize int64 // bytes; 0: trip2g.DefaultMaxAssetSize
}

// Service implements trip2g.Publisher.
type Service struct {
	Options
	gate *semaphore.Weighted // see enter
}

var _ trip2g.Publisher = (*Service)(nil)

// New returns a service.
func New(o Options) *Service {
	if o.MaxNoteSize == 0 {
		o.MaxNoteSize = trip2g.DefaultMaxNoteSize
	}
	if o.MaxAssetSize == 0 {
		o.MaxAssetSize = trip2g.DefaultMaxAssetSize
	}
	return &Service{o, semaphore.NewWeighted(exclusive)}
}

// NotePaths is trip2g.Publisher's.
func (s *Service) NotePaths(ctx context.Context, stage trip2g.Stage, filter trip2g.NotePathFilter) ([]trip2g.NotePath, error) {
	if err := checkFilter(filter); err != nil {
		return nil, err
	}
	filter.Paths = normalized(filter.Paths)
	return s.Vault.NotePaths(ctx, stage, filter)
}

// PushNotes is trip2g.Publisher's.
func (s *Service) PushNotes(ctx context.Context, stage trip2g.Stage, updates []trip2g.NoteUpdate, publish bool) ([]trip2g.PushedNote, trip2g.Position, error) {
	if err := checkUpdates(updates, s.MaxNoteSize); err != nil {
		return nil, 0, err
	}
	if len(updates) == 0 {
		return nil, 0, nil
	}
	read := s.read(updates)
	if err := checkFolder(stage.Grant, read, nil); err != nil {
		return nil, 0, err
	}
	staged, position, err := s.store(ctx, stage, read, publish)
	if err != nil {
		return nil, 0, err
	}
	notes := make([]trip2g.PushedNote, len(staged))
	for i, note := range staged { // under the client's form of the path
		notes[i] = trip2g.PushedNote{ID: note.ID, Path: updates[i].Path, Assets: mergeAssets(note.Path, read[i].Refs, note.Assets), Shown: note.Shown}
	}
	return notes, position, s.follow(ctx, position, publish)
}

// store stores notes, unless they change privileged settings without permission.
func (s *Service) store(ctx context.Context, stage trip2g.Stage, updates []trip2g.NoteUpdate, publish bool) ([]trip2g.StagedNote, trip2g.Position, error) {
	check := s.mustCheckSettings(stage, pathsOfUpdates(updates)...)
	leave, err := s.enter(ctx, check)
	if err != nil {
		return nil, 0, err
	}
	defer leave()
	if check {
		if err := s.checkSettings(ctx, contentOf(updates, trip2g.SettingsPath)); err != nil {
			return nil, 0, err
		}
	}
	return s.Vault.PushNotes(ctx, stage, updates, publish)
}

// normalized returns the stored form of paths, Unicode NFC.
func normalized(paths []string) []string {
	out := make([]string, len(paths))
	for i, path := range paths {
		out[i] = trip2g.NormalizePath(path)
	}
	return out
}

// read returns the updates in their stored form: with normalized paths, the URLs that they request
// and the files that they refer to. It takes about as long as storing them, so it runs on all
// processors.
func (s *Service) read(updates []trip2g.NoteUpdate) []trip2g.NoteUpdate {
	list := slices.Clone(updates)
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range list {
		group.Go(func() error {
			u := &list[i]
			u.Path = trip2g.NormalizePath(u.Path)
			u.Refs = append([]string{}, s.References(u.Path, u.Content)...)
			if s.Address != nil {
				u.URL = s.Address(u.Path, u.Content)
			}
			return nil
		})
	}
	group.Wait()
	return list
}

// HideNotes is trip2g.Publisher's.
func (s *Service) HideNotes(ctx context.Context, stage trip2g.Stage, paths []string, publish bool) (trip2g.Position, error) {
	if err := checkCount("paths", len(paths)); err != nil {
		return 0, err
	}
	paths = normalized(paths)
	if err := checkFolder(stage.Grant, nil, paths); err != nil {
		return 0, err
	}
	position, err := s.hide(ctx, stage, paths, publish)
	if err != nil {
		return 0, err
	}
	return position, s.follow(ctx, position, publish)
}

// hide hides notes, unless that changes privileged settings without permission.
func (s *Service) hide(ctx context.Context, stage trip2g.Stage, paths []string, publish bool) (trip2g.Position, error) {
	check := s.mustCheckSettings(stage, paths...)
	leave, err := s.enter(ctx, check)
	if err != nil {
		return 0, err
	}
	defer leave()
	if check {
		if err := s.checkSettings(ctx, nil); err != nil {
			return 0, err
		}
	}
	return s.Vault.HideNotes(ctx, stage, paths, publish)
}

// NameVault is trip2g.Publisher's.
func (s *Service) NameVault(ctx context.Context, name string) error {
	return s.Vault.NameVault(ctx, name)
}

// Commit is trip2g.Publisher's.
func (s *Service) Commit(ctx context.Context, stage trip2g.Stage) (shown []int64, position trip2g.Position, err error) {
	shown, position, err = s.commit(ctx, stage)
	if err != nil {
		return nil, 0, err
	}
	return shown, position, s.follow(ctx, position, true)
}

// commit publishes a stage. It checks the staged settings again, because the owner may have changed
// the live ones since.
func (s *Service) commit(ctx context.Context, stage trip2g.Stage) (shown []int64, position trip2g.Position, err error) {
	check := s.mustCheckSettings(stage, trip2g.SettingsPath)
	if check {
		if _, check, err = s.stagedSettings(ctx, stage); err != nil {
			return nil, 0, err
		}
	}
	leave, err := s.enter(ctx, check)
	if err != nil {
		return nil, 0, err
	}
	defer leave()
	if check {
		content, differs, err := s.stagedSettings(ctx, stage)
		if err == nil && differs {
			err = s.checkSettings(ctx, content)
		}
		if err != nil {
			return nil, 0, err
		}
	}
	return s.Vault.Commit(ctx, stage)
}

// Discard is trip2g.Publisher's.
func (s *Service) Discard(ctx context.Context, stage trip2g.Stage) (committed bool, err error) {
	return s.Vault.Discard(ctx, stage)
}

// follow waits until this node's site shows what was published. The change is already stored, so a
// failure means a delay: the error says so, and that sending the change again is safe.
func (s *Service) follow(ctx context.Context, position trip2g.Position, published bool) error {
	if !published {
		return nil
	}
	at, err := s.Refresh(ctx)
	if err == nil && at < position {
		err = fmt.Errorf("the site is at position %d, the change at %d", at, position)
	}
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return &trip2g.Error{
		Code:    trip2g.EUNAVAILABLE,
		Message: "the change is stored, but this node cannot show it yet; it will by itself, and sending it again is safe",
		Err:     fmt.Errorf("follow to position %d: %w", position, err),
	}
}

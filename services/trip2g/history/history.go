// Package history is the leader's service for its owner's notes: all that there are and what each was
// before, how two versions differ, and bringing one back.
package history

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"trip2g/services/trip2g"
)

// Limits of one call.
const (
	MaxNotes        = 200  // notes of a list
	MaxVersions     = 200  // versions of a list
	MaxFilterLength = 1024 // bytes of the text to look for
)

// Options is what a Service is made of. All are needed.
type Options struct {
	Archive   trip2g.NoteArchive
	Publisher trip2g.Publisher
	// Page tells of a note's page; ok is false if readers see none.
	Page func(noteID int64) (page Page, ok bool)
}

// Page is what readers see of a note.
type Page struct {
	URL         string // path, unescaped
	Title       string
	MembersOnly bool
}

// Service is the service. Its methods can be called by many at once.
type Service struct{ Options }

// New makes one.
func New(o Options) *Service { return &Service{o} }

// Note is a note, and the page that it has.
type Note struct {
	trip2g.ArchivedNote
	Page    Page
	HasPage bool
}

// Show picks notes by what readers see of them.
type Show int

// All is every note.
const (
	All Show = iota
	WithPage
	ForMembers
	WithoutPage // not hidden, and yet no page: a template, the settings, or `publish: false`
	Hidden
)

// Filter picks notes for a list.
type Filter struct {
	Text   string // that the path or the title contains, in any case
	Show   Show
	Offset int // how many of those found are left out at the list's beginning
	Limit  int // how many there are in the list; at most MaxNotes
}

// List gives the notes that a filter finds, by path, and how many those are without Offset and Limit.
func (s *Service) List(ctx context.Context, f Filter) (notes []Note, total int, err error) {
	switch {
	case len(f.Text) > MaxFilterLength:
		return nil, 0, trip2g.Errorf(trip2g.EINVALID, "the text to look for has %d bytes; at most %d are taken", len(f.Text), MaxFilterLength)
	case f.Limit < 1 || f.Limit > MaxNotes:
		return nil, 0, trip2g.Errorf(trip2g.EINVALID, "a list has from 1 to %d notes", MaxNotes)
	case f.Offset < 0:
		return nil, 0, trip2g.Errorf(trip2g.EINVALID, "a list begins at 0 or after")
	}
	all, err := s.Archive.ArchivedNotes(ctx)
	if err != nil {
		return nil, 0, err
	}
	plain := plainText()
	wanted := plain(strings.TrimSpace(f.Text))
	for _, archived := range all {
		note := s.withPage(archived)
		if !f.Show.picks(&note) || !strings.Contains(plain(note.Path), wanted) && !strings.Contains(plain(note.Page.Title), wanted) {
			continue
		}
		if total >= f.Offset && len(notes) < f.Limit {
			notes = append(notes, note)
		}
		total++
	}
	return notes, total, nil
}

// plainText gives a function that makes texts comparable that differ in case, or in how letters are encoded.
func plainText() func(string) string {
	fold := cases.Fold()
	return func(s string) string { return norm.NFC.String(fold.String(s)) }
}

func (show Show) picks(n *Note) bool {
	switch show {
	case WithPage:
		return n.HasPage
	case ForMembers:
		return n.HasPage && n.Page.MembersOnly
	case WithoutPage:
		return !n.Hidden && !n.HasPage
	case Hidden:
		return n.Hidden
	default:
		return true
	}
}

func (s *Service) withPage(n trip2g.ArchivedNote) Note {
	note := Note{ArchivedNote: n}
	if !n.Hidden {
		note.Page, note.HasPage = s.Page(n.ID)
	}
	return note
}

// Find gives the note with a path; ENOTFOUND without one.
func (s *Service) Find(ctx context.Context, path string) (Note, error) {
	n, err := s.Archive.ArchivedNote(ctx, path)
	if err != nil {
		return Note{}, err
	}
	return s.withPage(n), nil
}

// Versions lists a note's published versions, the newest first: those before the version with an ID (0:
// from the newest on), at most limit.
func (s *Service) Versions(ctx context.Context, noteID, before int64, limit int) ([]trip2g.NoteVersion, error) {
	if limit < 1 || limit > MaxVersions {
		return nil, trip2g.Errorf(trip2g.EINVALID, "a list has from 1 to %d versions", MaxVersions)
	}
	return s.Archive.NoteVersions(ctx, noteID, before, limit)
}

// Version gives a published version with its text; ENOTFOUND without one.
func (s *Service) Version(ctx context.Context, id int64) (trip2g.NoteVersion, error) {
	return s.Archive.NoteVersion(ctx, id)
}

// Restore publishes a version's text anew, as the newest version of its note. The history stays.
func (s *Service) Restore(ctx context.Context, stage trip2g.Stage, versionID int64) (Note, trip2g.Position, error) {
	v, err := s.Archive.NoteVersion(ctx, versionID)
	if err != nil {
		return Note{}, 0, err
	}
	return s.publish(ctx, stage, v)
}

// Show lets readers see hidden notes again, as they were. Paths of no note are no error.
func (s *Service) Show(ctx context.Context, stage trip2g.Stage, paths []string) (trip2g.Position, error) {
	if len(paths) > MaxNotes {
		return 0, trip2g.Errorf(trip2g.ETOOLARGE, "at most %d notes can be shown in one call", MaxNotes)
	}
	var position trip2g.Position
	for _, path := range slices.Compact(slices.Sorted(slices.Values(paths))) {
		n, err := s.Archive.ArchivedNote(ctx, path)
		if trip2g.ErrorCode(err) == trip2g.ENOTFOUND {
			continue
		}
		if err != nil {
			return position, err
		}
		if !n.Hidden {
			continue
		}
		v, err := s.Archive.NoteVersion(ctx, n.VersionID)
		if err != nil {
			return position, err
		}
		if _, position, err = s.publish(ctx, stage, v); err != nil {
			return position, err
		}
	}
	return position, nil
}

func (s *Service) publish(ctx context.Context, stage trip2g.Stage, v trip2g.NoteVersion) (Note, trip2g.Position, error) {
	_, position, err := s.Publisher.PushNotes(ctx, stage, []trip2g.NoteUpdate{{Path: v.Path, Content: v.Content}}, true)
	if err != nil {
		return Note{}, 0, err
	}
	note, err := s.Find(ctx, v.Path)
	return note, position, err
}

// Package history is the leader's service for the history of notes: it lists all notes and their
// versions, compares versions and restores them.
package history

import (
	"context"
	"slices"
	"strings"

	"trip2g/services/trip2g"
)

// Options configures a Service. All fields are required.
type Options struct {
	Archive   trip2g.NoteArchive
	Publisher trip2g.Publisher
	// Page returns a note's page; ok is false if no page is visible.
	Page func(noteID int64) (page trip2g.NotePage, ok bool)
}

// Service implements trip2g.HistoryService.
type Service struct{ Options }

var _ trip2g.HistoryService = (*Service)(nil)

// New returns a service.
func New(o Options) *Service { return &Service{o} }

// ListNotes is trip2g.HistoryService's.
func (s *Service) ListNotes(ctx context.Context, f trip2g.NoteFilter) (notes []trip2g.ListedNote, total int, err error) {
	switch {
	case len(f.Text) > trip2g.MaxFilterLength:
		return nil, 0, trip2g.Errorf(trip2g.EINVALID, "the text to look for has %d bytes; at most %d are taken", len(f.Text), trip2g.MaxFilterLength)
	case f.Limit < 1 || f.Limit > trip2g.MaxListed:
		return nil, 0, trip2g.Errorf(trip2g.EINVALID, "a list has from 1 to %d notes", trip2g.MaxListed)
	case f.Offset < 0:
		return nil, 0, trip2g.Errorf(trip2g.EINVALID, "a list begins at 0 or after")
	}
	all, err := s.Archive.ArchivedNotes(ctx)
	if err != nil {
		return nil, 0, err
	}
	wanted := trip2g.FoldText(strings.TrimSpace(f.Text))
	for _, archived := range all {
		note := s.withPage(archived)
		if !picks(f.Show, &note) || f.Access != trip2g.Unspecified && f.Access != note.Access.Level || !strings.Contains(trip2g.FoldText(note.Path), wanted) && !strings.Contains(trip2g.FoldText(note.Title), wanted) {
			continue
		}
		if total >= f.Offset && len(notes) < f.Limit {
			notes = append(notes, note)
		}
		total++
	}
	return notes, total, nil
}

func picks(show trip2g.NoteShow, n *trip2g.ListedNote) bool {
	switch show {
	case trip2g.NotesWithPage:
		return n.HasPage
	case trip2g.NotesForMembers:
		return n.HasPage && n.Access.Level != trip2g.Public
	case trip2g.NotesWithoutPage:
		return !n.Hidden && !n.HasPage
	case trip2g.HiddenNotes:
		return n.Hidden
	default:
		return true
	}
}

func (s *Service) withPage(n trip2g.ArchivedNote) trip2g.ListedNote {
	note := trip2g.ListedNote{ArchivedNote: n, Access: trip2g.Access{Level: trip2g.NotShown}}
	if n.Hidden {
		return note
	}
	if page, ok := s.Page(n.ID); ok {
		note.HasPage, note.URL, note.Title = true, page.URL, page.Title
		note.Access, note.ByDefault = page.Access, page.Doc.Access.Level == trip2g.Unspecified
	}
	return note
}

// FindNote is trip2g.HistoryService's.
func (s *Service) FindNote(ctx context.Context, path string) (trip2g.ListedNote, error) {
	n, err := s.Archive.ArchivedNote(ctx, trip2g.NormalizePath(path))
	if err != nil {
		return trip2g.ListedNote{}, err
	}
	return s.withPage(n), nil
}

// Versions is trip2g.HistoryService's.
func (s *Service) Versions(ctx context.Context, noteID, before int64, limit int) ([]trip2g.NoteVersion, error) {
	if limit < 1 || limit > trip2g.MaxListed {
		return nil, trip2g.Errorf(trip2g.EINVALID, "a list has from 1 to %d versions", trip2g.MaxListed)
	}
	return s.Archive.NoteVersions(ctx, noteID, before, limit)
}

// Version is trip2g.HistoryService's.
func (s *Service) Version(ctx context.Context, id int64) (trip2g.NoteVersion, error) {
	return s.Archive.NoteVersion(ctx, id)
}

// LatestVersion is trip2g.HistoryService's.
func (s *Service) LatestVersion(ctx context.Context) (trip2g.NoteVersion, error) {
	return s.Archive.LatestVersion(ctx)
}

// Stats is trip2g.HistoryService's.
func (s *Service) Stats(ctx context.Context) (trip2g.ArchiveStats, error) {
	return s.Archive.ArchiveStats(ctx)
}

// Restore is trip2g.HistoryService's.
func (s *Service) Restore(ctx context.Context, stage trip2g.Stage, versionID int64) (trip2g.ListedNote, trip2g.Position, error) {
	v, err := s.Archive.NoteVersion(ctx, versionID)
	if err != nil {
		return trip2g.ListedNote{}, 0, err
	}
	return s.publish(ctx, stage, v)
}

// ShowNotes is trip2g.HistoryService's.
func (s *Service) ShowNotes(ctx context.Context, stage trip2g.Stage, paths []string) (trip2g.Position, error) {
	if len(paths) > trip2g.MaxListed {
		return 0, trip2g.Errorf(trip2g.ETOOLARGE, "at most %d notes can be shown in one call", trip2g.MaxListed)
	}
	var position trip2g.Position
	for _, path := range slices.Compact(slices.Sorted(slices.Values(paths))) {
		n, err := s.Archive.ArchivedNote(ctx, trip2g.NormalizePath(path))
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

func (s *Service) publish(ctx context.Context, stage trip2g.Stage, v trip2g.NoteVersion) (trip2g.ListedNote, trip2g.Position, error) {
	_, position, err := s.Publisher.PushNotes(ctx, stage, []trip2g.NoteUpdate{{Path: v.Path, Content: v.Content}}, true)
	if err != nil {
		return trip2g.ListedNote{}, 0, err
	}
	note, err := s.FindNote(ctx, v.Path)
	return note, position, err
}

package graphql

import (
	"context"

	"trip2g/services/trip2g"
)

// Notes implements QueryResolver.
func (r *resolver) Notes(ctx context.Context, filter *NotesFilter) (*NoteList, error) {
	notes, total, err := r.History.ListNotes(ctx, noteFilter(filter))
	if err != nil {
		return nil, asError(err)
	}
	list := &NoteList{Total: total, Notes: make([]Note, len(notes))}
	for i, n := range notes {
		list.Notes[i] = *noteOf(n)
	}
	return list, nil
}

const defaultListed = 50

func noteFilter(f *NotesFilter) trip2g.NoteFilter {
	out := trip2g.NoteFilter{Limit: defaultListed}
	if f == nil {
		return out
	}
	if f.Text != nil {
		out.Text = *f.Text
	}
	if f.Show != nil {
		out.Show = map[NotesShow]trip2g.NoteShow{
			NotesShowAll: trip2g.AllNotes, NotesShowWithPage: trip2g.NotesWithPage, NotesShowForMembers: trip2g.NotesForMembers,
			NotesShowWithoutPage: trip2g.NotesWithoutPage, NotesShowHidden: trip2g.HiddenNotes,
		}[*f.Show]
	}
	if f.Access != nil {
		for level, shown := range noteAccesses {
			if shown == *f.Access {
				out.Access = level
			}
		}
	}
	if f.Offset != nil {
		out.Offset = *f.Offset
	}
	if f.First != nil {
		out.Limit = *f.First
	}
	return out
}

func noteOf(n trip2g.ListedNote) *Note {
	out := &Note{
		ID: n.ID, Path: n.Path, Hidden: n.Hidden, MembersOnly: n.HasPage && n.Access.Level != trip2g.Public,
		Access: noteAccesses[n.Access.Level], Groups: append([]string{}, n.Access.Groups.Names()...), ByDefault: n.ByDefault, ContentHash: n.Hash, Size: n.Size,
		CreatedAt: n.CreatedAt, PublishedAt: n.PublishedAt, VersionID: n.VersionID,
	}
	if n.HasPage {
		out.URL, out.Title = &n.URL, &n.Title
	}
	if n.Versions > 0 {
		out.Versions = &n.Versions
	}
	return out
}

// Note implements QueryResolver.
func (r *resolver) Note(ctx context.Context, path string) (*Note, error) {
	note, err := r.History.FindNote(ctx, path)
	if err != nil {
		return nil, unlessNotFound(err)
	}
	return noteOf(note), nil
}

// unlessNotFound returns nil for ENOTFOUND, so that the field is null.
func unlessNotFound(err error) error {
	if trip2g.ErrorCode(err) == trip2g.ENOTFOUND {
		return nil
	}
	return asError(err)
}

// NoteVersions implements QueryResolver.
func (r *resolver) NoteVersions(ctx context.Context, noteID int64, before *int64, first *int) ([]NoteVersion, error) {
	from, limit := int64(0), defaultListed
	if before != nil {
		from = versionID(*before)
	}
	if first != nil {
		limit = *first
	}
	versions, err := r.History.Versions(ctx, noteID, from, limit)
	if err != nil {
		return nil, asError(err)
	}
	out := make([]NoteVersion, len(versions))
	for i, v := range versions {
		out[i] = *versionOf(v)
	}
	return out, nil
}

// versionOf returns a version without its text.
func versionOf(v trip2g.NoteVersion) *NoteVersion {
	return &NoteVersion{
		ID: v.ID, NoteID: v.NoteID, Path: v.Path, ContentHash: v.Hash, Size: v.Size,
		PublishedAt: v.PublishedAt, Author: v.Author, ByKey: v.ByKey, Current: v.Current,
	}
}

// NoteVersion implements QueryResolver.
func (r *resolver) NoteVersion(ctx context.Context, id int64) (*NoteVersion, error) {
	v, err := r.History.Version(ctx, versionID(id))
	if err != nil {
		return nil, unlessNotFound(err)
	}
	out := versionOf(v)
	out.Content = &v.Content
	return out, nil
}

// NoteDifference implements QueryResolver.
func (r *resolver) NoteDifference(ctx context.Context, from, to int64) (*NoteDifference, error) {
	d, err := r.History.Compare(ctx, versionID(from), versionID(to))
	if err != nil {
		return nil, asError(err)
	}
	out := &NoteDifference{
		From: versionOf(d.From), To: versionOf(d.To), Added: d.Added, Removed: d.Removed, Cut: d.Cut,
		Hunks: make([]DifferenceHunk, len(d.Hunks)),
	}
	for i, h := range d.Hunks {
		out.Hunks[i] = DifferenceHunk{FromLine: h.FromLine, ToLine: h.ToLine, Lines: differenceLines(h.Lines)}
	}
	return out, nil
}

func differenceLines(lines []trip2g.DiffLine) []DifferenceLine {
	kinds := map[trip2g.LineKind]LineKind{trip2g.SameLine: LineKindSame, trip2g.RemovedLine: LineKindRemoved, trip2g.AddedLine: LineKindAdded}
	out := make([]DifferenceLine, len(lines))
	for i, line := range lines {
		out[i] = DifferenceLine{Kind: kinds[line.Kind], Text: line.Text, Cut: line.Cut}
	}
	return out
}

// RestoreNoteVersion implements MutationResolver.
func (r *resolver) RestoreNoteVersion(ctx context.Context, input RestoreNoteVersionInput) (RestoreNoteVersionOrErrorPayload, error) {
	c := callOf(ctx)
	note, position, err := r.History.Restore(ctx, c.stage, versionID(input.VersionID))
	if err != nil {
		return fail[RestoreNoteVersionOrErrorPayload](ctx, err)
	}
	c.setPosition(position)
	return &RestoreNoteVersionPayload{Note: noteOf(note)}, nil
}

// ShowNotes implements MutationResolver.
func (r *resolver) ShowNotes(ctx context.Context, input ShowNotesInput) (ShowNotesOrErrorPayload, error) {
	c := callOf(ctx)
	position, err := r.History.ShowNotes(ctx, c.stage, input.Paths)
	c.setPosition(position) // also of those that were shown before one failed
	if err != nil {
		return fail[ShowNotesOrErrorPayload](ctx, err)
	}
	return &ShowNotesPayload{Success: true}, nil
}

// DiscardNotes implements MutationResolver.
func (r *resolver) DiscardNotes(ctx context.Context) (DiscardNotesOrErrorPayload, error) {
	committed, err := r.Publisher.Discard(ctx, callOf(ctx).stage)
	if err != nil {
		return fail[DiscardNotesOrErrorPayload](ctx, err)
	}
	return &DiscardNotesPayload{Success: !committed, Committed: committed}, nil
}

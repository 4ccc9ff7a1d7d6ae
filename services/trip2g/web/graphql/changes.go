package graphql

import (
	"context"
	"errors"
	"fmt"

	"github.com/99designs/gqlgen/graphql"

	"trip2g/services/trip2g"
)

// Subscription implements ResolverRoot.
func (r *resolver) Subscription() SubscriptionResolver { return r }

// NoteChanges implements SubscriptionResolver.
func (r *resolver) NoteChanges(ctx context.Context, filter NoteChangesFilter) (<-chan *NoteChangesPayload, error) {
	c := callOf(ctx)
	changes, err := r.Feed.Subscribe(ctx, trip2g.NoteChangeFilter{Include: filter.IncludePatterns, Exclude: filter.ExcludePatterns})
	if err != nil {
		return nil, asError(err)
	}
	payloads := make(chan *NoteChangesPayload)
	go func() {
		defer close(payloads)
		for part := range changes {
			select {
			case payloads <- r.changesPayload(c, part):
			case <-ctx.Done():
				return
			}
		}
	}()
	return payloads, nil
}

func (r *resolver) changesPayload(c *call, changes []trip2g.NoteChange) *NoteChangesPayload {
	payload := &NoteChangesPayload{Changes: make([]NoteChangeEvent, len(changes))}
	for i, change := range changes {
		payload.Changes[i] = r.changeEvent(c, change)
	}
	return payload
}

func (r *resolver) changeEvent(c *call, change trip2g.NoteChange) NoteChangeEvent {
	n := change.Note
	if change.Hidden {
		return &NoteHideEvent{Path: n.Path}
	}
	event := &NoteUpsertEvent{
		Path: n.Path, EventType: NoteUpsertTypeUpdate, VersionID: versionHandle(n.VersionID), Title: n.Doc.Title, NoteView: r.noteView(c, n),
	}
	if change.Created {
		event.EventType = NoteUpsertTypeCreate
	}
	return event
}

// UpdateNotes implements MutationResolver.
func (r *resolver) UpdateNotes(ctx context.Context, input UpdateNotesInput) (UpdateNotesOrErrorPayload, error) {
	c := callOf(ctx)
	edits, err := noteEdits(input.Changes)
	if err != nil {
		return fail[UpdateNotesOrErrorPayload](ctx, err)
	}
	edited, position, err := r.Publisher.EditNotes(ctx, c.stage, edits)
	if err != nil {
		return editFailure(ctx, err)
	}
	c.setPosition(position)
	payload := &UpdateNotesSuccessPayload{Paths: make([]string, len(edited)), Updated: []UpdatedNote{}}
	ids := make([]int64, len(edited))
	for i, n := range edited {
		payload.Paths[i], ids[i] = n.Path, n.ID
	}
	if graphql.FieldRequested(ctx, "updated") {
		payload.Updated = r.updatedNotes(c, ids)
	}
	return payload, nil
}

func noteEdits(changes []NoteChangeInput) ([]trip2g.NoteEdit, error) {
	edits := make([]trip2g.NoteEdit, len(changes))
	for i, c := range changes {
		given := 0
		if u := c.Upsert; u != nil {
			given++
			edits[i] = trip2g.NoteEdit{Kind: trip2g.UpsertNote, Path: u.Path, Content: u.Content, ExpectedHash: u.ExpectedHash}
		}
		if p := c.Patch; p != nil {
			given++
			edits[i] = trip2g.NoteEdit{Kind: trip2g.PatchNote, Path: p.Path, Find: p.Find, Replace: p.Replace, ExpectedHash: p.ExpectedHash}
		}
		if h := c.Hide; h != nil {
			given++
			edits[i] = trip2g.NoteEdit{Kind: trip2g.HideNote, Path: h.Path, ExpectedHash: h.ExpectedHash}
		}
		if given != 1 {
			return nil, &trip2g.Error{
				Code: trip2g.EINVALID, Message: "nothing was written: a change is exactly one of upsert, patch and hide",
				Fields: []trip2g.FieldError{{Name: fmt.Sprintf("changes.%d", i), Value: fmt.Sprintf("has %d of them", given)}},
			}
		}
	}
	return edits, nil
}

// editFailure returns the payload for the failure, if the client knows that payload.
func editFailure(ctx context.Context, err error) (UpdateNotesOrErrorPayload, error) {
	var mismatch *trip2g.HashMismatch
	if errors.As(err, &mismatch) && graphql.FieldRequested(ctx, "actualHash") {
		return &UpdateNotesHashMismatchPayload{Path: mismatch.Path, ActualHash: mismatch.ActualHash}, nil
	}
	var missing *trip2g.PatchNotFound
	if errors.As(err, &missing) && graphql.FieldRequested(ctx, "find") {
		return &UpdateNotesPatchNotFoundPayload{Path: missing.Path, Find: missing.Find}, nil
	}
	return fail[UpdateNotesOrErrorPayload](ctx, err)
}

package graphql

import (
	"context"
	"fmt"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
)

// resolver is the root of the generated schema's resolvers.
type resolver struct{ *api }

func (r *resolver) Query() QueryResolver       { return r }
func (r *resolver) Mutation() MutationResolver { return r }

// NotePaths implements QueryResolver.
func (r *resolver) NotePaths(ctx context.Context, filter *NotePathsFilter) ([]NotePath, error) {
	c := callOf(ctx)
	wanted := notePathFilter(filter)
	wanted.OmitContent = !graphql.FieldRequested(ctx, "content")
	notes, err := r.Publisher.NotePaths(ctx, c.stage, wanted)
	if err != nil {
		return nil, asError(err)
	}
	viewed := graphql.FieldRequested(ctx, "latestNoteView")
	out := make([]NotePath, len(notes))
	for i, note := range notes {
		out[i] = NotePath{ID: note.ID, Value: note.Path, LatestContentHash: note.Hash, Content: note.Content, AssetReplaces: r.assetReplaces(c, note.Assets)}
		if !viewed {
			continue
		}
		if published, ok := r.Site().Published(note.ID); ok {
			out[i].LatestNoteView = r.noteView(c, published)
		}
	}
	return out, nil
}

func notePathFilter(f *NotePathsFilter) (out trip2g.NotePathFilter) {
	if f == nil {
		return out
	}
	if f.Like != nil {
		out.Like = *f.Like
	}
	if f.Search != nil {
		out.Search = *f.Search
	}
	out.Paths = f.Paths
	return out
}

func (r *resolver) assetReplaces(c *call, assets []trip2g.NoteAsset) []NoteAssetReplace {
	out := make([]NoteAssetReplace, len(assets))
	for i, a := range assets {
		out[i] = NoteAssetReplace{ID: a.Ref, URL: r.assetURL(c, a), Hash: a.Hash, AbsolutePath: a.AbsolutePath}
	}
	return out
}

// asError marks internal errors for present.
func asError(err error) error {
	if trip2g.ErrorCode(err) == trip2g.EINTERNAL {
		return internal(err)
	}
	return err
}

// PushNotes implements MutationResolver.
func (r *resolver) PushNotes(ctx context.Context, input PushNotesInput) (PushNotesOrErrorPayload, error) {
	c := callOf(ctx)
	if len(input.Updates) == 0 {
		return r.listNotes(ctx, c)
	}
	updates, updated := takeUpdates(input.Updates)
	notes, position, err := r.Publisher.PushNotes(ctx, c.stage, updates, publishNow(input.SkipCommit))
	if why, ok := refusedSettings(err); ok {
		updates = slices.DeleteFunc(updates, func(u trip2g.NoteUpdate) bool { return trip2g.NormalizePath(u.Path) == trip2g.SettingsPath })
		updated = append(updated, UpdatedNote{Path: trip2g.SettingsPath, Warnings: []NoteWarning{{Level: WarningLevelCritical, Message: "is left out: " + why}}})
		zerolog.Ctx(ctx).Warn().Str("note", trip2g.SettingsPath).Str("author", string(c.stage.Author)).Msg("a push left it out: " + why)
		notes, position, err = r.Publisher.PushNotes(ctx, c.stage, updates, publishNow(input.SkipCommit))
	}
	if err != nil {
		return fail[PushNotesOrErrorPayload](ctx, err)
	}
	c.setPosition(position)
	if graphql.FieldRequested(ctx, "updated") {
		updated = append(updated, r.shownNotes(c, shownOf(notes))...)
	}
	return &PushNotesPayload{Notes: r.pushedNotes(c, notes), Updated: updated}, nil
}

// listNotes responds to a push without updates, by which clients list all notes.
func (r *resolver) listNotes(ctx context.Context, c *call) (PushNotesOrErrorPayload, error) {
	notes, err := r.Publisher.ListNotes(ctx, c.stage)
	if err != nil {
		return fail[PushNotesOrErrorPayload](ctx, err)
	}
	return &PushNotesPayload{Notes: r.pushedNotes(c, notes), Updated: []UpdatedNote{}}, nil
}

// refusedSettings reports whether a change was refused only because of the settings note, and why.
// Then the rest is published, because clients send that note in one batch with all others.
func refusedSettings(err error) (why string, ok bool) {
	fields := trip2g.ErrorFields(err)
	if trip2g.ErrorCode(err) != trip2g.EFORBIDDEN || len(fields) != 1 || fields[0].Name != trip2g.SettingsPath {
		return "", false
	}
	return fields[0].Value, true
}

// takeUpdates separates files that are not notes. Clients push them in one batch with notes, which
// must not fail because of them.
func takeUpdates(given []PushNoteInput) (taken []trip2g.NoteUpdate, leftOut []UpdatedNote) {
	taken, leftOut = make([]trip2g.NoteUpdate, 0, len(given)), []UpdatedNote{}
	for _, u := range given {
		if trip2g.IsNoteFile(u.Path) || u.Path == "" {
			taken = append(taken, trip2g.NoteUpdate{Path: u.Path, Content: u.Content})
			continue
		}
		leftOut = append(leftOut, UpdatedNote{Path: u.Path, Warnings: []NoteWarning{{
			Level: WarningLevelWarning, Message: "is left out: notes are files that end in .md or .html",
		}}})
	}
	return taken, leftOut
}

// shownOf returns the IDs of the notes whose text became visible.
func shownOf(notes []trip2g.PushedNote) (ids []int64) {
	for _, n := range notes {
		if n.Shown {
			ids = append(ids, n.ID)
		}
	}
	return ids
}

func (r *resolver) pushedNotes(c *call, notes []trip2g.PushedNote) []PushedNote {
	out := make([]PushedNote, len(notes))
	for i, note := range notes {
		out[i] = PushedNote{ID: note.ID, Path: note.Path, Assets: r.pushedAssets(c, note.Assets)}
	}
	return out
}

func (r *resolver) pushedAssets(c *call, assets []trip2g.NoteAsset) []PushedNoteAsset {
	out := make([]PushedNoteAsset, len(assets))
	for i, a := range assets {
		out[i] = PushedNoteAsset{ID: a.Ref, AssetID: a.AssetID, Path: a.Ref, AbsolutePath: a.AbsolutePath}
		if a.Hash != "" {
			out[i].Sha256Hash = &a.Hash
			out[i].URL = r.assetURL(c, a)
		}
	}
	return out
}

// publishNow evaluates skipCommit: if it is omitted or null, a change is visible at once.
func publishNow(skipCommit *bool) bool { return skipCommit == nil || !*skipCommit }

// UploadNoteAsset implements MutationResolver.
func (r *resolver) UploadNoteAsset(ctx context.Context, input UploadNoteAssetInput) (UploadNoteAssetOrErrorPayload, error) {
	c := callOf(ctx)
	noteID, err := r.noteID(ctx, input.NoteID)
	if err != nil {
		return fail[UploadNoteAssetOrErrorPayload](ctx, err)
	}
	known, position, err := r.Publisher.UploadAsset(ctx, c.stage, trip2g.AssetUpload{
		NoteID:       noteID,
		Ref:          input.Path,
		AbsolutePath: input.AbsolutePath,
		Hash:         input.Sha256Hash,
		Body:         input.File.File,
	}, publishNow(input.SkipCommit))
	if err != nil {
		return fail[UploadNoteAssetOrErrorPayload](ctx, err)
	}
	c.setPosition(position)
	return &UploadNoteAssetPayload{UploadSkipped: known}, nil
}

// HideNotes implements MutationResolver.
func (r *resolver) HideNotes(ctx context.Context, input HideNotesInput) (HideNotesOrErrorPayload, error) {
	c := callOf(ctx)
	payload := &HideNotesPayload{Success: true, LeftOut: []FieldMessage{}}
	position, err := r.Publisher.HideNotes(ctx, c.stage, input.Paths, publishNow(input.SkipCommit))
	if why, ok := refusedSettings(err); ok && len(input.Paths) > 1 {
		paths := slices.DeleteFunc(input.Paths, func(path string) bool { return trip2g.NormalizePath(path) == trip2g.SettingsPath })
		payload.LeftOut = append(payload.LeftOut, FieldMessage{Name: trip2g.SettingsPath, Value: why})
		zerolog.Ctx(ctx).Warn().Str("note", trip2g.SettingsPath).Str("author", string(c.stage.Author)).Msg("it was not unpublished: " + why)
		position, err = r.Publisher.HideNotes(ctx, c.stage, paths, publishNow(input.SkipCommit))
	}
	if err != nil {
		return fail[HideNotesOrErrorPayload](ctx, err)
	}
	c.setPosition(position)
	return payload, nil
}

// CommitNotes implements MutationResolver.
func (r *resolver) CommitNotes(ctx context.Context) (CommitNotesOrErrorPayload, error) {
	c := callOf(ctx)
	if c.vaultName != "" && c.stage.Grant.Folder == "" {
		if err := r.Publisher.NameVault(ctx, c.vaultName); err != nil {
			return fail[CommitNotesOrErrorPayload](ctx, err)
		}
	}
	shown, position, err := r.Publisher.Commit(ctx, c.stage)
	if err != nil {
		return fail[CommitNotesOrErrorPayload](ctx, err)
	}
	c.setPosition(position)
	payload := &CommitNotesPayload{Success: true, Updated: []UpdatedNote{}}
	if graphql.FieldRequested(ctx, "updated") {
		payload.Updated = r.shownNotes(c, shown)
	}
	return payload, nil
}

// Viewer implements QueryResolver. The user of an ended session is a guest, which is not an error.
func (r *resolver) Viewer(ctx context.Context) (*Viewer, error) {
	c := callOf(ctx)
	switch trip2g.ErrorCode(c.refused) {
	case "", trip2g.EUNAUTHORIZED, trip2g.EFORBIDDEN:
		return viewerOf(c.session), nil
	default:
		return nil, asError(c.refused)
	}
}

func viewerOf(session *trip2g.Session) *Viewer {
	if session == nil {
		return &Viewer{ID: "guest", Role: RoleGuest}
	}
	viewer := &Viewer{ID: fmt.Sprintf("user:%d", session.User.ID), Role: RoleUser, User: &User{Email: session.User.Email}}
	if session.User.Owner {
		viewer.Role = RoleAdmin
	}
	return viewer
}

package publish_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/publish"
	"trip2g/services/trip2g/store/sqlite"
)

var stage = trip2g.Stage{Author: "key:1"}

func open(t *testing.T) *sqlite.DB {
	t.Helper()
	db, err := sqlite.OpenLeader(t.Context(), filepath.Join(t.TempDir(), "data.sqlite3"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// service returns a service that publishes into db. A note's references are the words that start
// with "!".
func service(db *sqlite.DB, change func(*publish.Options)) *publish.Service {
	o := publish.Options{
		Vault:  db,
		Assets: db,
		References: func(_, content string) (refs []string) {
			for word := range strings.FieldsSeq(content) {
				if ref, ok := strings.CutPrefix(word, "!"); ok {
					refs = append(refs, ref)
				}
			}
			return refs
		},
		Refresh: func(ctx context.Context) (trip2g.Position, error) {
			set, err := db.Changes(ctx, 0, 1)
			return set.Head, err
		},
		MaxNoteSize:  64,
		MaxAssetSize: 1024,
	}
	if change != nil {
		change(&o)
	}
	return publish.New(o)
}

func hash(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// visible returns the published notes, path → content.
func visible(t *testing.T, db *sqlite.DB) map[string]string {
	t.Helper()
	notes := map[string]string{}
	set, err := db.Changes(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range set.Notes {
		notes[n.Path] = n.Content
	}
	return notes
}

func TestAFaultyPushNamesEveryFaultAndWritesNothing(t *testing.T) {
	db := open(t)
	s := service(db, nil)
	good := trip2g.NoteUpdate{Path: "good.md", Content: "fine"}
	for name, tt := range map[string]struct {
		updates []trip2g.NoteUpdate
		code    string
		fields  []string
	}{
		"path out of the vault": {[]trip2g.NoteUpdate{good, {Path: "../up.md"}}, trip2g.EINVALID, []string{"../up.md"}},
		"NUL in a path":         {[]trip2g.NoteUpdate{good, {Path: "a\x00.md"}}, trip2g.EINVALID, []string{"a\x00.md"}},
		"three at once":         {[]trip2g.NoteUpdate{{Path: "/a.md"}, good, {Path: "b"}, {Path: "c//d.md"}}, trip2g.EINVALID, []string{"/a.md", "b", "c//d.md"}},
		"one path twice":        {[]trip2g.NoteUpdate{good, good}, trip2g.EINVALID, []string{"good.md"}},
		"broken UTF-8":          {[]trip2g.NoteUpdate{good, {Path: "x.md", Content: "a\xffb"}}, trip2g.EINVALID, []string{"x.md"}},
		"too large":             {[]trip2g.NoteUpdate{good, {Path: "big.md", Content: strings.Repeat("x", 65)}}, trip2g.ETOOLARGE, []string{"big.md"}},
		"too large and invalid": {[]trip2g.NoteUpdate{{Path: "x"}, {Path: "big.md", Content: strings.Repeat("x", 65)}}, trip2g.EINVALID, []string{"x", "big.md"}},
		"too many":              {make([]trip2g.NoteUpdate, publish.MaxUpdates+1), trip2g.ETOOLARGE, []string{"updates"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := s.PushNotes(t.Context(), stage, tt.updates, true)
			var names []string
			for _, f := range trip2g.ErrorFields(err) {
				names = append(names, f.Name)
			}
			if trip2g.ErrorCode(err) != tt.code || !cmp.Equal(names, tt.fields) {
				t.Errorf("error %v with code %q and fields %q; want %q and %q", err, trip2g.ErrorCode(err), names, tt.code, tt.fields)
			}
			if !strings.HasPrefix(trip2g.ErrorMessage(err), "nothing was written") {
				t.Errorf("the message does not say that nothing was written: %s", trip2g.ErrorMessage(err))
			}
		})
	}
	if notes := visible(t, db); len(notes) != 0 {
		t.Errorf("readers see %v", notes)
	}
}

func TestTheSizeLimitIsNamed(t *testing.T) {
	_, _, err := service(open(t), nil).PushNotes(t.Context(), stage, []trip2g.NoteUpdate{{Path: "big.md", Content: strings.Repeat("x", 65)}}, true)
	for _, want := range []string{"big.md", "65 bytes", "64", "TRIP2G_MAX_NOTE_SIZE"} {
		if !strings.Contains(trip2g.ErrorMessage(err), want) {
			t.Errorf("message %q lacks %q", trip2g.ErrorMessage(err), want)
		}
	}
}

func TestThousandsOfFaultsMakeAShortAnswer(t *testing.T) {
	updates := make([]trip2g.NoteUpdate, publish.MaxUpdates)
	for i := range updates {
		updates[i].Path = strings.Repeat("x", 10_000)
	}
	_, _, err := service(open(t), nil).PushNotes(t.Context(), stage, updates, true)
	if got := len(err.Error()); got > 64<<10 {
		t.Errorf("the answer has %d bytes", got)
	}
	if !strings.Contains(trip2g.ErrorMessage(err), "(and 9999 more)") {
		t.Errorf("message %q does not count the faults", trip2g.ErrorMessage(err))
	}
}

func TestANULAndLetterCaseAreKeptAsTheyAre(t *testing.T) {
	db := open(t)
	updates := []trip2g.NoteUpdate{{Path: "Note.md", Content: "a\x00b"}, {Path: "note.md", Content: "lower"}}
	if _, _, err := service(db, nil).PushNotes(t.Context(), stage, updates, true); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"Note.md": "a\x00b", "note.md": "lower"}, visible(t, db)); diff != "" {
		t.Error(diff)
	}
}

// A client on a Mac sends paths in another Unicode form. The notes are the same, and the responses
// contain the client's form.
func TestAPathIsTheSameInEachUnicodeForm(t *testing.T) {
	db := open(t)
	s := service(db, nil)
	composed, decomposed := "caf\u00e9.md", "cafe\u0301.md"
	for content, path := range map[string]string{"one": composed, "two !\u00e4.png": decomposed} {
		notes, _, err := s.PushNotes(t.Context(), stage, []trip2g.NoteUpdate{{Path: path, Content: content}}, true)
		if err != nil || notes[0].Path != path {
			t.Fatal(notes, err)
		}
	}
	_, _, err := s.PushNotes(t.Context(), stage, []trip2g.NoteUpdate{{Path: composed}, {Path: decomposed}}, true)
	if trip2g.ErrorCode(err) != trip2g.EINVALID {
		t.Errorf("one path twice in a push: %v", err)
	}
	if notes := visible(t, db); len(notes) != 1 || notes[composed] == "" {
		t.Errorf("readers see %v", notes)
	}
	found, err := s.NotePaths(t.Context(), stage, trip2g.NotePathFilter{Paths: []string{decomposed}})
	if err != nil || len(found) != 1 || found[0].Path != composed {
		t.Fatalf("%+v, %v", found, err)
	}
	file := trip2g.AssetUpload{NoteID: found[0].ID, Ref: "\u00e4.png", AbsolutePath: "a\u0308.png", Hash: hash("x"), Body: strings.NewReader("x")}
	if _, _, err := s.UploadAsset(t.Context(), stage, file, true); err != nil {
		t.Fatal(err)
	}
	for _, a := range assetsOf(t, db) {
		if a.AbsolutePath != "\u00e4.png" {
			t.Errorf("the file is at %q", a.AbsolutePath)
		}
	}
	if _, err := s.HideNotes(t.Context(), stage, []string{decomposed}, true); err != nil || len(visible(t, db)) != 0 {
		t.Errorf("hidden under its other form: %v, %v", visible(t, db), err)
	}
}

// assetsOf lists the assets of the published notes.
func assetsOf(t *testing.T, db *sqlite.DB) (assets []trip2g.NoteAsset) {
	t.Helper()
	set, err := db.Changes(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range set.Notes {
		assets = append(assets, n.Assets...)
	}
	return assets
}

func TestAPushTellsWhichFilesAreStillNeeded(t *testing.T) {
	s := service(open(t), nil)
	push := func() trip2g.PushedNote {
		t.Helper()
		notes, _, err := s.PushNotes(t.Context(), stage, []trip2g.NoteUpdate{{Path: "trips/japan.md", Content: "!a.png !../img/b.png !/c.png !../../../d.png"}}, true)
		if err != nil || len(notes) != 1 {
			t.Fatal(notes, err)
		}
		return notes[0]
	}
	note := push()
	want := []trip2g.NoteAsset{
		{Ref: "a.png", AbsolutePath: "trips/a.png"},
		{Ref: "../img/b.png", AbsolutePath: "img/b.png"},
		{Ref: "/c.png", AbsolutePath: "c.png"},
		{Ref: "../../../d.png", AbsolutePath: "d.png"},
	}
	if diff := cmp.Diff(want, note.Assets); diff != "" {
		t.Fatal(diff)
	}
	known, position, err := s.UploadAsset(t.Context(), stage, trip2g.AssetUpload{
		NoteID: note.ID, Ref: "../img/b.png", AbsolutePath: "/img/b.png", Hash: hash("pixels"), Body: strings.NewReader("pixels"),
	}, true)
	if err != nil || known || position == 0 {
		t.Fatal(known, position, err)
	}
	after := push().Assets
	got := after[1]
	if got.Hash != hash("pixels") || got.AbsolutePath != "img/b.png" || got.Size != 6 || got.AssetID == 0 {
		t.Errorf("the store has %+v", got)
	}
	if diff := cmp.Diff([]trip2g.NoteAsset{want[0], want[2], want[3]}, []trip2g.NoteAsset{after[0], after[2], after[3]}); diff != "" {
		t.Error(diff)
	}
}

func TestAnUploadThatCannotBeTakenKeepsNothing(t *testing.T) {
	db := open(t)
	s := service(db, nil)
	notes, _, err := s.PushNotes(t.Context(), stage, []trip2g.NoteUpdate{{Path: "a.md", Content: "!a.png"}}, true)
	if err != nil {
		t.Fatal(err)
	}
	good := trip2g.AssetUpload{NoteID: notes[0].ID, Ref: "a.png", AbsolutePath: "a.png", Hash: hash("x")}
	big := strings.Repeat("x", 1025)
	for name, tt := range map[string]struct {
		change func(*trip2g.AssetUpload)
		body   string
		code   string
	}{
		"another hash":       {func(*trip2g.AssetUpload) {}, "y", trip2g.ECONFLICT},
		"cut short":          {func(*trip2g.AssetUpload) {}, "", trip2g.ECONFLICT},
		"no hash":            {func(u *trip2g.AssetUpload) { u.Hash = "" }, "x", trip2g.EINVALID},
		"hash in upper case": {func(u *trip2g.AssetUpload) { u.Hash = strings.ToUpper(hash("x")) }, "x", trip2g.EINVALID},
		"hash in base64":     {func(u *trip2g.AssetUpload) { u.Hash = trip2g.ContentHash("x") }, "x", trip2g.EINVALID},
		"path out of vault":  {func(u *trip2g.AssetUpload) { u.AbsolutePath = "../a.png" }, "x", trip2g.EINVALID},
		"no reference":       {func(u *trip2g.AssetUpload) { u.Ref = "" }, "x", trip2g.EINVALID},
		"control character":  {func(u *trip2g.AssetUpload) { u.Ref = "a\n.png" }, "x", trip2g.EINVALID},
		"endless reference":  {func(u *trip2g.AssetUpload) { u.Ref = strings.Repeat("x", 1025) }, "x", trip2g.EINVALID},
		"too large":          {func(u *trip2g.AssetUpload) { u.Hash = hash(big) }, big, trip2g.ETOOLARGE},
		"unknown note":       {func(u *trip2g.AssetUpload) { u.NoteID = 4711; u.Hash = hash("z") }, "z", trip2g.ENOTFOUND},
	} {
		t.Run(name, func(t *testing.T) {
			upload := good
			tt.change(&upload)
			upload.Body = strings.NewReader(tt.body)
			if _, _, err := s.UploadAsset(t.Context(), stage, upload, true); trip2g.ErrorCode(err) != tt.code {
				t.Errorf("error %v has code %q, want %q", err, trip2g.ErrorCode(err), tt.code)
			}
		})
	}
	if _, err := db.Asset(t.Context(), hash("x")); trip2g.ErrorCode(err) != trip2g.ENOTFOUND {
		t.Errorf("a refused file is in the store: %v", err)
	}
}

func TestAKnownFileIsStillChecked(t *testing.T) {
	s := service(open(t), nil)
	notes, _, err := s.PushNotes(t.Context(), stage, []trip2g.NoteUpdate{{Path: "a.md", Content: "!a.png"}}, true)
	if err != nil {
		t.Fatal(err)
	}
	upload := func(body io.Reader) (bool, error) {
		known, _, err := s.UploadAsset(t.Context(), stage, trip2g.AssetUpload{NoteID: notes[0].ID, Ref: "a.png", AbsolutePath: "a.png", Hash: hash("x"), Body: body}, true)
		return known, err
	}
	if known, err := upload(strings.NewReader("x")); known || err != nil {
		t.Fatal(known, err)
	}
	if known, err := upload(strings.NewReader("x")); !known || err != nil {
		t.Errorf("the second upload: known %v, error %v", known, err)
	}
	if _, err := upload(strings.NewReader("y")); trip2g.ErrorCode(err) != trip2g.ECONFLICT {
		t.Errorf("another body under a known hash: %v", err)
	}
}

func TestStagedNotesAreInvisibleUntilTheirCommit(t *testing.T) {
	db := open(t)
	s := service(db, nil)
	ctx := t.Context()
	push := func(content string, publish bool) {
		t.Helper()
		if _, _, err := s.PushNotes(ctx, stage, []trip2g.NoteUpdate{{Path: "a.md", Content: content}}, publish); err != nil {
			t.Fatal(err)
		}
	}
	push("one", true)
	push("two", false)
	if _, err := s.HideNotes(ctx, trip2g.Stage{Author: "key:2"}, []string{"a.md"}, false); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"a.md": "one"}, visible(t, db)); diff != "" {
		t.Error(diff)
	}
	if _, _, err := s.Commit(ctx, stage); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"a.md": "two"}, visible(t, db)); diff != "" {
		t.Error(diff)
	}
	if _, _, err := s.Commit(ctx, trip2g.Stage{Author: "key:2"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{}, visible(t, db)); diff != "" {
		t.Error(diff)
	}
}

func TestAPublishedChangeWaitsForThisNodesSite(t *testing.T) {
	db := open(t)
	refreshes := 0
	fault := error(nil)
	behind := trip2g.Position(0)
	s := service(db, func(o *publish.Options) {
		refresh := o.Refresh
		o.Refresh = func(ctx context.Context) (trip2g.Position, error) {
			refreshes++
			at, err := refresh(ctx)
			return at - behind, errors.Join(err, fault)
		}
	})
	push := func(content string, publish bool) error {
		_, _, err := s.PushNotes(t.Context(), stage, []trip2g.NoteUpdate{{Path: "a.md", Content: content}}, publish)
		return err
	}
	if err := push("one", true); err != nil || refreshes != 1 {
		t.Fatal(err, refreshes)
	}
	if err := push("two", false); err != nil || refreshes != 1 {
		t.Errorf("a staged push refreshed the site: %v, %d times", err, refreshes)
	}
	fault = errors.New("the disk is on fire")
	err := push("three", true)
	if trip2g.ErrorCode(err) != trip2g.EUNAVAILABLE || !strings.Contains(trip2g.ErrorMessage(err), "is stored") || strings.Contains(trip2g.ErrorMessage(err), "fire") {
		t.Errorf("the site could not follow: %v, shown as %q", err, trip2g.ErrorMessage(err))
	}
	fault, behind = nil, 1
	if err := push("four", true); trip2g.ErrorCode(err) != trip2g.EUNAVAILABLE {
		t.Errorf("the site is behind: %v", err)
	}
}

func TestHostileFiltersAreRefusedOrFindNothing(t *testing.T) {
	s := service(open(t), nil)
	for name, tt := range map[string]struct {
		filter trip2g.NotePathFilter
		code   string
	}{
		"long pattern":   {trip2g.NotePathFilter{Like: strings.Repeat("%a", 10_000)}, trip2g.EINVALID},
		"long search":    {trip2g.NotePathFilter{Search: strings.Repeat("a", 1025)}, trip2g.EINVALID},
		"too many paths": {trip2g.NotePathFilter{Paths: make([]string, publish.MaxUpdates+1)}, trip2g.ETOOLARGE},
		"NUL":            {trip2g.NotePathFilter{Paths: []string{"a\x00"}, Like: "\x00", Search: "\x00"}, ""},
		"wildcards":      {trip2g.NotePathFilter{Like: strings.Repeat("%_", 500)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			notes, err := s.NotePaths(t.Context(), stage, tt.filter)
			if trip2g.ErrorCode(err) != tt.code || len(notes) != 0 {
				t.Errorf("got %v, %v; want code %q", notes, err, tt.code)
			}
		})
	}
}

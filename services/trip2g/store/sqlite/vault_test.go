package sqlite

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
)

func TestAStagedPushIsInvisibleUntilItsCommitAndThenWhole(t *testing.T) {
	db := newLeader(t)
	push(t, db, stageA, true, "old.md=old")
	ids, before := push(t, db, stageA, false, "a.md=one", "b.md=two", "old.md=new")
	asset := store(t, db, "picture")
	if got := attach(t, db, stageA, ids[0], "p.png", asset, false); got != before {
		t.Errorf("staging moved the position from %d to %d", before, got)
	}
	wantSite(t, db, "old.md=old")
	wantSeen(t, db, stageA, "a.md=one", "b.md=two", "old.md=new")
	wantSeen(t, db, stageB, "old.md=old")

	if after := commit(t, db, stageA); after <= before {
		t.Errorf("the commit's position is %d, not after %d", after, before)
	}
	wantSite(t, db, "a.md=one", "b.md=two", "old.md=new")
	f := follow(db)
	ok(t, f.catchUp(t.Context(), 100))
	if got := f.notes[ids[0]].Assets; len(got) != 1 || got[0].Hash != asset.Hash || got[0].Ref != "p.png" || got[0].AbsolutePath != "img/p.png" {
		t.Errorf("the note was published with the files %+v", got)
	}
	if n := count(t, db, `SELECT count(*) FROM staged_notes`); n != 0 {
		t.Errorf("%d notes are still staged", n)
	}
}

func TestTwoStagesHoldOneNoteAndTheLastCommitWins(t *testing.T) {
	db := newLeader(t)
	push(t, db, stageA, false, "n.md=of A")
	push(t, db, stageB, false, "n.md=of B", "b.md=B")
	wantSeen(t, db, stageA, "n.md=of A")
	wantSeen(t, db, stageB, "b.md=B", "n.md=of B")
	commit(t, db, stageB)
	wantSite(t, db, "b.md=B", "n.md=of B")
	commit(t, db, stageA)
	wantSite(t, db, "b.md=B", "n.md=of A")
	if n := count(t, db, `SELECT count(*) FROM note_versions v JOIN notes n ON n.id = v.note_id WHERE n.path = 'n.md' AND v.published_at IS NOT NULL`); n != 2 {
		t.Errorf("the history has %d versions, want both", n)
	}
}

func TestTwoStagesCommitTheSameText(t *testing.T) {
	db := newLeader(t)
	push(t, db, stageA, false, "n.md=same")
	push(t, db, stageB, false, "n.md=same")
	position := commit(t, db, stageA)
	if again := commit(t, db, stageB); again != position {
		t.Errorf("a commit that changed nothing moved the position from %d to %d", position, again)
	}
	if n := count(t, db, `SELECT count(*) FROM note_versions`); n != 1 {
		t.Errorf("there are %d versions of one text", n)
	}
}

// Pushing identical content causes no commit and no new position.
func TestPushingIdenticalContentCommitsNothing(t *testing.T) {
	db := newLeader(t)
	ctx := t.Context()
	ids, _ := push(t, db, stageA, true, "n.md=text", "hidden.md=x")
	asset := store(t, db, "file")
	attach(t, db, stageA, ids[0], "f", asset, true)
	must[trip2g.Position](t)(db.HideNotes(ctx, stageA, []string{"hidden.md"}, true))
	staged, _ := push(t, db, stageB, false, "s.md=staged")
	attach(t, db, stageB, staged[0], "f", asset, false)
	must[trip2g.Position](t)(db.HideNotes(ctx, stageB, []string{"n.md"}, false))
	ok(t, db.EnsureOwner(ctx, "owner@example.com"))
	var key [32]byte
	ok(t, db.CheckEncryptionKey(ctx, key))
	position := commit(t, db, stageA)
	watch := watchCommits(t, db.path)

	for name, repeat := range map[string]func() trip2g.Position{
		"push":        func() trip2g.Position { _, p := push(t, db, stageA, true, "n.md=text"); return p },
		"staged push": func() trip2g.Position { _, p := push(t, db, stageA, false, "n.md=text"); return p },
		"push of what is staged": func() trip2g.Position {
			_, p := push(t, db, stageB, false, "s.md=staged")
			return p
		},
		"push of nothing":  func() trip2g.Position { _, p := push(t, db, stageA, true); return p },
		"attach":           func() trip2g.Position { return attach(t, db, stageA, ids[0], "f", asset, true) },
		"attach published": func() trip2g.Position { return attach(t, db, stageA, ids[0], "f", asset, false) },
		"staged attach":    func() trip2g.Position { return attach(t, db, stageB, staged[0], "f", asset, false) },
		"hide": func() trip2g.Position {
			return must[trip2g.Position](t)(db.HideNotes(ctx, stageA, []string{"hidden.md", "unknown.md"}, true))
		},
		"staged hide": func() trip2g.Position {
			return must[trip2g.Position](t)(db.HideNotes(ctx, stageB, []string{"n.md", "hidden.md"}, false))
		},
		"commit of nothing":   func() trip2g.Position { return commit(t, db, stageA) },
		"store":               func() trip2g.Position { store(t, db, "file"); return position },
		"owner":               func() trip2g.Position { ok(t, db.EnsureOwner(ctx, "Owner@example.com ")); return position },
		"encryption key":      func() trip2g.Position { ok(t, db.CheckEncryptionKey(ctx, key)); return position },
		"sign out of nothing": func() trip2g.Position { return must[trip2g.Position](t)(db.DeleteSession(ctx, 99)) },
		"count of nothing":    func() trip2g.Position { ok(t, db.AddNotFound(ctx, trip2g.NotFoundBatch{})); return position },
		"purge": func() trip2g.Position {
			must[trip2g.PurgeResult](t)(db.purge(ctx, newCutoffs(testTime, testTime)))
			return position
		},
	} {
		if got := repeat(); got != position {
			t.Errorf("%s: the position moved from %d to %d", name, position, got)
		}
		if watch.changed(t) {
			t.Errorf("%s: something was committed", name)
		}
	}
}

func TestStagingThePublishedTextUnstages(t *testing.T) {
	db := newLeader(t)
	_, position := push(t, db, stageA, true, "n.md=one")
	push(t, db, stageA, false, "n.md=two")
	push(t, db, stageA, false, "n.md=one")
	if after := commit(t, db, stageA); after != position {
		t.Errorf("the position moved from %d to %d", position, after)
	}
	wantSite(t, db, "n.md=one")
	if n := count(t, db, `SELECT count(*) FROM note_versions`); n != 1 {
		t.Errorf("%d versions are kept, want the published one alone", n)
	}
}

func TestAStageKeepsOnlyTheLastTextOfANote(t *testing.T) {
	db := newLeader(t)
	for i := range 20 {
		push(t, db, stageA, false, fmt.Sprintf("n.md=%d", i))
	}
	if n := count(t, db, `SELECT count(*) FROM note_versions`); n != 1 {
		t.Errorf("%d versions are kept, want one", n)
	}
	commit(t, db, stageA)
	wantSite(t, db, "n.md=19")
}

func TestPublishingAtOncePublishesOnlyThoseNotes(t *testing.T) {
	db := newLeader(t)
	ids, _ := push(t, db, stageA, false, "a.md=staged", "b.md=staged")
	asset := store(t, db, "file")
	attach(t, db, stageA, ids[0], "f", asset, false)
	push(t, db, stageA, true, "a.md=direct")
	wantSite(t, db, "a.md=direct")
	f := follow(db)
	ok(t, f.catchUp(t.Context(), 100))
	if len(f.notes[ids[0]].Assets) != 1 {
		t.Error("the note went live without the file that its stage held for it")
	}
	commit(t, db, stageA)
	wantSite(t, db, "a.md=direct", "b.md=staged")
}

func TestAHiddenNoteIsInvisibleUntilItIsPushedAgain(t *testing.T) {
	for _, publish := range []bool{true, false} {
		db := newLeader(t)
		f := follow(db)
		push(t, db, stageA, true, "n.md=text", "other.md=x")
		ok(t, f.catchUp(t.Context(), 100))
		hide := func() {
			must[trip2g.Position](t)(db.HideNotes(t.Context(), stageA, []string{"n.md"}, publish))
		}
		hide()
		if !publish {
			wantSite(t, db, "n.md=text", "other.md=x")
			commit(t, db, stageA)
		}
		ok(t, f.catchUp(t.Context(), 100))
		if len(f.notes) != 1 {
			t.Errorf("publish %v: a follower still has %d notes", publish, len(f.notes))
		}
		wantSeen(t, db, stageB, "other.md=x")
		if n := count(t, db, `SELECT count(*) FROM version_contents WHERE content = 'text'`); n != 1 {
			t.Errorf("publish %v: the history lost the hidden note", publish)
		}
		push(t, db, stageA, publish, "n.md=text")
		if !publish {
			commit(t, db, stageA)
		}
		wantSite(t, db, "n.md=text", "other.md=x")
		if n := count(t, db, `SELECT count(*) FROM note_versions`); n != 2 {
			t.Errorf("publish %v: showing a note again made a version", publish)
		}
	}
}

func TestARenameIsOneStep(t *testing.T) {
	db := newLeader(t)
	_, before := push(t, db, stageA, true, "old.md=text")
	push(t, db, stageA, false, "new.md=text")
	must[trip2g.Position](t)(db.HideNotes(t.Context(), stageA, []string{"old.md"}, false))
	wantSite(t, db, "old.md=text")
	commit(t, db, stageA)
	set := must[trip2g.ChangeSet](t)(db.Changes(t.Context(), before, 100))
	if len(set.Notes) != 1 || len(set.RemovedNotes) != 1 {
		t.Errorf("the commit shows %d notes and takes %d, want one each", len(set.Notes), len(set.RemovedNotes))
	}
}

func TestStagingAHideAndThenAPushPublishesThePush(t *testing.T) {
	db := newLeader(t)
	push(t, db, stageA, true, "n.md=one")
	must[trip2g.Position](t)(db.HideNotes(t.Context(), stageA, []string{"n.md"}, false))
	wantSeen(t, db, stageA)
	push(t, db, stageA, false, "n.md=two")
	commit(t, db, stageA)
	wantSite(t, db, "n.md=two")
}

func TestAFileIsReplacedForReaders(t *testing.T) {
	db := newLeader(t)
	ids, before := push(t, db, stageA, true, "n.md=text")
	one, two := store(t, db, "one"), store(t, db, "two")
	first := attach(t, db, stageA, ids[0], "f", one, true)
	second := attach(t, db, stageA, ids[0], "f", two, true)
	if !(before < first && first < second) {
		t.Errorf("positions are %d, %d, %d: each must be after the one before", before, first, second)
	}
	f := follow(db)
	ok(t, f.catchUp(t.Context(), 1))
	if got := f.notes[ids[0]].Assets; len(got) != 1 || got[0].AssetID != two.ID {
		t.Errorf("the note has %+v", got)
	}
}

func TestAttachingToAMissingNoteOrFileIsNotFound(t *testing.T) {
	db := newLeader(t)
	ids, _ := push(t, db, stageA, true, "n.md=text", "hidden.md=x")
	staged, _ := push(t, db, stageA, false, "staged.md=x")
	must[trip2g.Position](t)(db.HideNotes(t.Context(), stageA, []string{"hidden.md"}, true))
	asset := store(t, db, "file")
	for name, attempt := range map[string]struct {
		stage trip2g.Stage
		note  int64
		asset trip2g.NoteAsset
	}{
		"an unknown note":          {stageA, 999, trip2g.NoteAsset{AssetID: asset.ID, Ref: "f"}},
		"a hidden note":            {stageA, ids[1], trip2g.NoteAsset{AssetID: asset.ID, Ref: "f"}},
		"another's staged note":    {stageB, staged[0], trip2g.NoteAsset{AssetID: asset.ID, Ref: "f"}},
		"an unknown file":          {stageA, ids[0], trip2g.NoteAsset{AssetID: 999, Ref: "f"}},
		"an unknown hash":          {stageA, ids[0], trip2g.NoteAsset{Hash: sha256Hex("other"), Ref: "f"}},
		"neither file id nor hash": {stageA, ids[0], trip2g.NoteAsset{Ref: "f"}},
	} {
		for _, publish := range []bool{true, false} {
			if _, err := db.AttachAsset(t.Context(), attempt.stage, attempt.note, attempt.asset, publish); trip2g.ErrorCode(err) != trip2g.ENOTFOUND {
				t.Errorf("%s, publish %v: %v", name, publish, err)
			}
		}
	}
	must[trip2g.Position](t)(db.AttachAsset(t.Context(), stageA, ids[0], trip2g.NoteAsset{Hash: asset.Hash, Ref: "f"}, true))
}

func TestAPushReturnsTheFilesVisibleInItsStage(t *testing.T) {
	db := newLeader(t)
	ids, _ := push(t, db, stageA, true, "n.md=text")
	one, two := store(t, db, "one"), store(t, db, "two")
	attach(t, db, stageA, ids[0], "f", one, true)
	attach(t, db, stageA, ids[0], "f", two, false)
	attach(t, db, stageA, ids[0], "g", one, false)
	for stage, want := range map[trip2g.Stage][]string{stageA: {"f:" + two.Hash, "g:" + one.Hash}, stageB: {"f:" + one.Hash}} {
		notes, _, err := db.PushNotes(t.Context(), stage, []trip2g.NoteUpdate{{Path: "n.md", Content: "text"}}, false)
		ok(t, err)
		paths, err := db.NotePaths(t.Context(), stage, trip2g.NotePathFilter{Paths: []string{"n.md"}})
		ok(t, err)
		for _, assets := range [][]trip2g.NoteAsset{notes[0].Assets, paths[0].Assets} {
			var got []string
			for _, a := range assets {
				got = append(got, a.Ref+":"+a.Hash)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s sees %v, want %v", stage, got, want)
			}
		}
	}
}

func TestAnInvalidPushStoresNothing(t *testing.T) {
	db := newLeader(t)
	for name, updates := range map[string][]trip2g.NoteUpdate{
		"a path with ..":      {{Path: "good.md"}, {Path: "../x.md"}},
		"a path given twice":  {{Path: "good.md"}, {Path: "good.md"}},
		"text not in UTF-8":   {{Path: "good.md"}, {Path: "x.md", Content: "\xff"}},
		"a path with NUL":     {{Path: "good.md"}, {Path: "a\x00.md"}},
		"10,000 letters long": {{Path: "good.md"}, {Path: strings.Repeat("x", 10_000) + ".md"}},
	} {
		_, _, err := db.PushNotes(t.Context(), stageA, updates, true)
		wantCode(t, err, trip2g.EINVALID)
		if len(trip2g.ErrorFields(err)) != 1 {
			t.Errorf("%s: the fields at fault are %v", name, trip2g.ErrorFields(err))
		}
	}
	_, _, err := db.PushNotes(t.Context(), trip2g.Stage{}, []trip2g.NoteUpdate{{Path: "n.md"}}, true)
	wantCode(t, err, trip2g.EINVALID)
	wantSite(t, db)
}

func TestTheLongestTextIsStoredAndALongerOneRejected(t *testing.T) {
	db := newLeader(t)
	longest := strings.Repeat("x", trip2g.MaxNoteSize)
	push(t, db, stageA, true, "n.md="+longest)
	_, _, err := db.PushNotes(t.Context(), stageA, []trip2g.NoteUpdate{{Path: "n.md", Content: longest + "x"}}, true)
	wantCode(t, err, trip2g.ETOOLARGE)
	wantSite(t, db, "n.md="+longest)
	wantSeen(t, db, stageA, "n.md="+longest)
}

func TestAnyTextIsReturnedUnchanged(t *testing.T) {
	db := newLeader(t)
	for i, content := range []string{"", "\x00", "a\x00b", "\ufeffBOM", "\r\n", "'); DROP TABLE notes; --", "😀\u0301", strings.Repeat("long ", 1<<20)} {
		path := fmt.Sprintf("n%d.md", i)
		push(t, db, stageA, true, path+"="+content)
		notes, err := db.NotePaths(t.Context(), stageA, trip2g.NotePathFilter{Paths: []string{path}})
		ok(t, err)
		if notes[0].Content != content || notes[0].Hash != trip2g.ContentHash(content) {
			t.Errorf("%.20q came back as %.20q", content, notes[0].Content)
		}
	}
}

func TestAPushOfManyNotesReturnsThemInOrder(t *testing.T) {
	db := newLeader(t)
	var updates []trip2g.NoteUpdate
	for i := range 1200 {
		updates = append(updates, trip2g.NoteUpdate{Path: fmt.Sprintf("%05d.md", (i*7919)%2500), Content: fmt.Sprint(i)})
	}
	first, _, err := db.PushNotes(t.Context(), stageA, updates, false)
	ok(t, err)
	position := commit(t, db, stageA)
	again, unmoved, err := db.PushNotes(t.Context(), stageA, updates, true)
	ok(t, err)
	for i := range updates {
		if first[i].Path != updates[i].Path || first[i].ID != again[i].ID {
			t.Fatalf("answer %d is %+v and %+v for %s", i, first[i], again[i], updates[i].Path)
		}
	}
	if unmoved != position {
		t.Errorf("pushing the same again moved the position from %d to %d", position, unmoved)
	}
}

func TestADiscardedPushLeavesNothing(t *testing.T) {
	db := newLeader(t)
	ids, _ := push(t, db, stageA, true, "a.md=one")
	push(t, db, stageA, false, "a.md=two", "b.md=new")
	push(t, db, stageB, false, "c.md=of another")
	attach(t, db, stageA, ids[0], "x.png", store(t, db, "x"), false)
	_, err := db.HideNotes(t.Context(), stageA, []string{"a.md"}, false)
	ok(t, err)
	if committed := must[bool](t)(db.Discard(t.Context(), stageA)); committed {
		t.Error("a push that was never committed is said to be")
	}
	before := commit(t, db, stageB)
	if after := commit(t, db, stageA); after != before {
		t.Errorf("a commit after it changed something: position %d, then %d", before, after)
	}
	notes := must[[]trip2g.NotePath](t)(db.NotePaths(t.Context(), stageA, trip2g.NotePathFilter{}))
	var seen []string
	for _, n := range notes {
		seen = append(seen, n.Path+"="+n.Content)
		if len(n.Assets) > 0 {
			t.Errorf("%s has %+v", n.Path, n.Assets)
		}
	}
	if diff := cmp.Diff([]string{"a.md=one", "c.md=of another"}, seen); diff != "" {
		t.Error(diff)
	}
	push(t, db, stageA, true, "b.md=again")
	_, err = db.purge(t.Context(), newCutoffs(time.Now(), time.Now()))
	ok(t, err)
}

package site_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/markdown"
	"trip2g/services/trip2g/site"
)

// TestLinksToAddressesAndFoldersWork has links that name a page's address or a folder, not a note.
func TestLinksToAddressesAndFoldersWork(t *testing.T) {
	for link, want := range map[string]string{
		"[l](/)":               `<a href="/">`,
		"[l](/new/place)":      `<a href="/new/place">`,
		"[l](../other/)":       `<a href="/other">`,
		"[l](../with%20note/)": `<a href="/with_note">`,
		"[[/other]]":           `<a href="/other">`,
		"[l](../nothing/)":     `<span class="missing">`,
		"[l](/_system/x)":      `<span class="missing">`,
		"[[other]]":            `<span class="missing">`,
	} {
		s := published(t, "x/from.md", link, "moved.md", "---\nslug: /new/place\n---\n", "Other/note.md", "text", "with note/index.md", "text")
		_, text, _ := strings.Cut(body(t, s, "/x/from"), "<main")
		if !strings.Contains(text, want) {
			t.Errorf("%s: no %s in %s", link, want, text)
		}
	}
}

// given gives prepared sets, and then their last again and again.
type given []trip2g.ChangeSet

func (g *given) Changes(context.Context, trip2g.Position, int) (trip2g.ChangeSet, error) {
	set := (*g)[0]
	if len(*g) > 1 {
		*g = (*g)[1:]
	}
	return set, nil
}

// TestANoteIsNeverGivenOutAsAFile has a client that joined a hidden note's text to a reference.
func TestANoteIsNeverGivenOutAsAFile(t *testing.T) {
	secret := trip2g.NoteAsset{Ref: "Node.js", AbsolutePath: "Node.js.MD", Hash: "abc"}
	source := &given{{DatabaseID: "x", Head: 1, Position: 1, Notes: []trip2g.Note{
		{ID: 1, Path: "open.md", Content: "[[Node.js]]", Assets: []trip2g.NoteAsset{secret}},
		{ID: 2, Path: "Node.js.MD", Content: "---\npublish: false\n---\nsecret"},
	}}}
	s := refresh(t, newFollower(source, 0))
	wantIn(t, body(t, s, "/open"), `<span class="missing">Node.js</span>`)
	if _, _, ok := s.Asset("abc"); ok {
		t.Error("the text of a hidden note can be read as a file")
	}
}

// TestADatabaseThatHoldsChangesBackIsAnErrorAndNoLoop has a source that tells of changes and gives none.
func TestADatabaseThatHoldsChangesBackIsAnErrorAndNoLoop(t *testing.T) {
	f := newFollower(&given{{DatabaseID: "x", Head: 5}}, 0)
	if _, err := f.Refresh(t.Context()); err == nil || f.Current() != nil {
		t.Errorf("it gives %v", err)
	}
}

// failing fails with whatever error it has now.
type failing struct{ err error }

func (f *failing) Changes(context.Context, trip2g.Position, int) (trip2g.ChangeSet, error) {
	return trip2g.ChangeSet{}, f.err
}

// TestEachStreakOfEqualFailuresIsOneLine fails many times in two ways.
func TestEachStreakOfEqualFailuresIsOneLine(t *testing.T) {
	var log bytes.Buffer
	source := &failing{}
	f := site.NewFollower(source, site.Options{Parse: markdown.Parse, Render: markdown.Render, Log: zerolog.New(&log)})
	for _, text := range []string{"disk on fire", "disk under water"} {
		source.err = errors.New(text)
		for range 5 {
			if _, err := f.Refresh(t.Context()); err == nil || f.Err() == nil || !strings.Contains(f.Err().Error(), text) {
				t.Errorf("Refresh gives %v, Err %v", err, f.Err())
			}
		}
		if n := strings.Count(log.String(), text); n != 1 {
			t.Errorf("%q is in the log %d times, want 1", text, n)
		}
	}
}

// TestANoteThatCannotBeRenderedIsInTheLog has a renderer with a fault.
func TestANoteThatCannotBeRenderedIsInTheLog(t *testing.T) {
	var log bytes.Buffer
	db := openDB(t)
	push(t, db, "a.md", "text")
	s := refresh(t, site.NewFollower(db, site.Options{Parse: markdown.Parse, Log: zerolog.New(&log), Render: func(*trip2g.Document, trip2g.Links) ([]byte, error) {
		return []byte("<pre>text</pre>"), errors.New("a fault")
	}}))
	wantIn(t, body(t, s, "/a"), "<pre>text</pre>")
	body(t, s, "/a")
	if n := strings.Count(log.String(), "a fault"); n != 1 {
		t.Errorf("the fault is in the log %d times, want 1", n)
	}
}

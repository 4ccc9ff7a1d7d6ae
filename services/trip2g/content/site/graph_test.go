package site

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
)

// vaultOf is a source of notes that never change, path → content.
type vaultOf map[string]string

func (v vaultOf) Changes(_ context.Context, after trip2g.Position, _ int) (trip2g.ChangeSet, error) {
	set := trip2g.ChangeSet{DatabaseID: "d", Position: 1, Head: 1, SiteAccess: trip2g.AccessEveryone}
	if after == 0 {
		for path, content := range v {
			set.Notes = append(set.Notes, trip2g.Note{ID: int64(len(set.Notes) + 1), Path: path, Content: content, Hash: trip2g.ContentHash(content)})
		}
	}
	return set, nil
}

func contentOf(t *testing.T, v vaultOf) scope {
	t.Helper()
	f := NewFollower(v, Options{Parse: markdown.Parse, Render: markdown.Render, Log: zerolog.Nop()})
	if _, err := f.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return f.current.Load().index.scope(trip2g.Anonymous)
}

// TestAGraphResolvesABoundedNumberOfLinks has notes with the same name that all link to each other:
// resolving one link examines all of them.
func TestAGraphResolvesABoundedNumberOfLinks(t *testing.T) {
	const notes = 150
	v := vaultOf{}
	links := ""
	for i := range notes {
		links += fmt.Sprintf("[[%d/note]] ", i)
	}
	for i := range notes {
		v[fmt.Sprintf("%d/note.md", i)] = links
	}
	s := contentOf(t, v)
	g := s.buildGraph(at(s.byURL, "/0/note"))
	if resolved := maxGraphWork - g.linksLeft; g.linksLeft < 0 || resolved > maxGraphWork {
		t.Errorf("%d links were resolved", resolved)
	}
	if len(g.Nodes) != maxGraphNodes || len(g.Edges) == 0 {
		t.Errorf("the graph has %d notes and %d links", len(g.Nodes), len(g.Edges))
	}
}

// TestTheGraphOfAnOrdinaryNoteIsComplete has a note with outgoing links, backlinks, and their
// neighbours.
func TestTheGraphOfAnOrdinaryNoteIsComplete(t *testing.T) {
	v := vaultOf{"hub.md": ""}
	for i := range 30 {
		v["hub.md"] += fmt.Sprintf("[[to %d]] ", i)
		v[fmt.Sprintf("to %d.md", i)] = fmt.Sprintf("[[to %d]] [[far %d]]", (i+1)%30, i/2)
		v[fmt.Sprintf("from %d.md", i)] = "[[hub]]"
		v[fmt.Sprintf("far %d.md", i/2)] = strings.Repeat("text ", i)
	}
	s := contentOf(t, v)
	if g := s.buildGraph(at(s.byURL, "/hub")); len(g.Nodes) != 1+30+30+15 || g.linksLeft == 0 {
		t.Errorf("the graph has %d notes, and %d links could still be resolved", len(g.Nodes), g.linksLeft)
	}
}

package render

import (
	"fmt"
	"strings"
	"testing"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/content/site/index"
)

// siteOf returns a site with notes, path → content.
func siteOf(vault map[string]string) scopedSite {
	b := index.NewBuilder(index.Options{})
	b.SetSite("", "", trip2g.AccessEveryone)
	id := int64(0)
	for path, content := range vault {
		id++
		b.Put(b.ParsedNote(trip2g.Note{ID: id, Path: path, Content: content}, markdown.Parse(path, content)))
	}
	return New(b.Build(), &Options{Render: markdown.Render}, nil).scopeFor(trip2g.Anonymous)
}

// TestAGraphResolvesABoundedNumberOfLinks has notes with the same name that all link to each other:
// resolving one link examines all of them.
func TestAGraphResolvesABoundedNumberOfLinks(t *testing.T) {
	const notes = 150
	v := map[string]string{}
	links := ""
	for i := range notes {
		links += fmt.Sprintf("[[%d/note]] ", i)
	}
	for i := range notes {
		v[fmt.Sprintf("%d/note.md", i)] = links
	}
	s := siteOf(v)
	g := s.buildGraph(s.EntryAt("/0/note"))
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
	v := map[string]string{"hub.md": ""}
	for i := range 30 {
		v["hub.md"] += fmt.Sprintf("[[to %d]] ", i)
		v[fmt.Sprintf("to %d.md", i)] = fmt.Sprintf("[[to %d]] [[far %d]]", (i+1)%30, i/2)
		v[fmt.Sprintf("from %d.md", i)] = "[[hub]]"
		v[fmt.Sprintf("far %d.md", i/2)] = strings.Repeat("text ", i)
	}
	s := siteOf(v)
	if g := s.buildGraph(s.EntryAt("/hub")); len(g.Nodes) != 1+30+30+15 || g.linksLeft == 0 {
		t.Errorf("the graph has %d notes, and %d links could still be resolved", len(g.Nodes), g.linksLeft)
	}
}

package render

import (
	"encoding/json"
	"strings"

	"trip2g/services/trip2g/content/site/index"
)

// Bounds of a note's graph: nodes, distance from the note, and links followed from one node.
const (
	maxGraphNodes = 80
	maxGraphDepth = 2
	maxGraphLinks = 100
	// maxGraphWork bounds the links resolved for one graph, in both directions: in a vault with
	// many notes of the same name each one is slow.
	maxGraphWork = 2000
)

// graphPrefix starts the URL paths of the notes' graphs.
const graphPrefix = systemPrefix + "/graph"

// graph is the neighbourhood of a note, which is the first node.
type graph struct {
	Nodes []graphNode `json:"nodes"`
	Edges [][2]int    `json:"edges"` // indexes of nodes, the lower one first

	linksLeft int // links that may still be resolved
}

type graphNode struct {
	Title string `json:"title"`
	URL   string `json:"url"`   // escaped
	Depth int    `json:"depth"` // distance in links

	entry *index.Entry
}

// buildGraph returns the readable notes around e and the links between them.
func (s scopedSite) buildGraph(e *index.Entry) *graph {
	g := &graph{Edges: [][2]int{}, linksLeft: maxGraphWork}
	positions := make(map[*index.Entry]int)
	add := func(e *index.Entry, depth int) {
		if _, known := positions[e]; !known && len(g.Nodes) < maxGraphNodes {
			positions[e] = len(g.Nodes)
			g.Nodes = append(g.Nodes, graphNode{e.Doc.Title, s.externalURL(escapeURL(e.URL)), depth, e})
		}
	}
	add(e, 0)
	targets := make(map[*index.Entry][]*index.Entry)
	for i := 0; i < len(g.Nodes); i++ {
		n := g.Nodes[i]
		targets[n.entry] = g.targets(s, n.entry)
		if n.Depth == maxGraphDepth {
			continue
		}
		for _, to := range targets[n.entry] {
			add(to, n.Depth+1)
		}
		if len(g.Nodes) == maxGraphNodes {
			continue
		}
		links, resolved := s.Backlinks(n.entry, g.linksLeft)
		g.linksLeft -= resolved
		for _, link := range links {
			add(link.From, n.Depth+1)
		}
	}
	seen := make(map[[2]int]bool)
	for i, n := range g.Nodes {
		for _, to := range targets[n.entry] {
			j, known := positions[to]
			edge := [2]int{min(i, j), max(i, j)}
			if known && i != j && !seen[edge] {
				seen[edge] = true
				g.Edges = append(g.Edges, edge)
			}
		}
	}
	return g
}

// targets returns the notes that the first links of e lead to.
func (g *graph) targets(s scopedSite, e *index.Entry) []*index.Entry {
	var list []*index.Entry
	for i := range e.Doc.Links[:min(len(e.Doc.Links), maxGraphLinks, g.linksLeft)] {
		g.linksLeft--
		url, ok := s.ResolveLink(e, i)
		if to := s.EntryAt(url); ok && to != nil && s.MayRead(to) {
			list = append(list, to)
		}
	}
	return list
}

// graphPage is the graph of the note at url, as JSON.
type graphPage struct{ url string }

const jsonType = "application/json"

func (p graphPage) key() string { return graphPrefix + p.url }

func (p graphPage) contentType() string { return jsonType }

func (p graphPage) render(r *renderContext) []byte {
	text := r.graphJSON(p.url)
	r.deps[dep{kind: depGraph, key: p.url}] = digestOf(string(text))
	return text
}

// graphJSON returns the graph of the note at url.
func (s scopedSite) graphJSON(url string) []byte {
	e := s.EntryAt(url)
	if e == nil || !s.MayRead(e) {
		return nil // no such page
	}
	return marshalJSON(s.buildGraph(e))
}

func marshalJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and numbers always encode
	}
	return append(text, '\n')
}

// treePage is the list of a folder's contents for the explorer, as JSON.
type treePage struct{ folder *index.Folder }

// maxTree bounds the lines of a treePage.
const maxTree = 1000

type treeLine struct {
	Title  string `json:"title"`
	URL    string `json:"url"` // escaped
	Folder bool   `json:"folder,omitempty"`
	Tree   string `json:"tree,omitempty"` // URL of a folder's contents, escaped
}

func (p treePage) key() string { return treePrefix + p.folder.URL }

func (p treePage) contentType() string { return jsonType }

func (p treePage) render(r *renderContext) []byte {
	items, more := r.listFolder(p.folder.URL, maxTree)
	lines := make([]treeLine, 0, len(items)+1)
	for _, i := range items {
		line := treeLine{Title: i.Title, URL: r.externalURL(escapeURL(i.URL)), Folder: i.Folder}
		if i.Folder {
			line.Tree = r.externalURL(treeURL(i.URL))
		}
		lines = append(lines, line)
	}
	if more {
		lines = append(lines, treeLine{Title: r.texts.Text("page.more"), URL: r.externalURL(escapeURL(p.folder.URL))})
	}
	return marshalJSON(lines)
}

// systemPage returns the page at a reserved URL path that is made from notes, nil if there is none.
func (s scopedSite) systemPage(urlPath string) *page {
	if url, ok := strings.CutPrefix(urlPath, treePrefix); ok {
		if f := s.View().FolderAt(url); f != nil {
			return &page{s, treePage{f}, false}
		}
	}
	if url, ok := strings.CutPrefix(urlPath, graphPrefix); ok && !s.Layout.Settings.HideGraph {
		if e := s.EntryAt(url); e != nil {
			return s.entryPage(e, graphPage{url})
		}
	}
	if url, ok := strings.CutPrefix(urlPath, previewPrefix); ok {
		if e := s.EntryAt(url); e != nil {
			return s.entryPage(e, previewPage{e})
		}
	}
	return nil
}

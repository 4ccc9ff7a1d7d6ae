package site

import (
	"encoding/json"
	"strings"
)

// Bounds of a note's graph: its notes, how far they are from it, and the links that are followed from one.
const (
	maxGraphNodes = 80
	maxGraphDepth = 2
	maxGraphLinks = 100
	// maxGraphWork bounds the links that are resolved for one graph, in either direction: in a vault of many notes
	// of one name each can take long.
	maxGraphWork = 2000
)

// graphPrefix is where the notes' graphs are.
const graphPrefix = systemPrefix + "/graph"

// graph is a note with those around it. Its first node is the note.
type graph struct {
	Nodes []graphNode `json:"nodes"`
	Edges [][2]int    `json:"edges"` // numbers of nodes, the lower first

	work int // links that may still be resolved
}

type graphNode struct {
	Title string `json:"title"`
	URL   string `json:"url"`   // ready to be used
	Depth int    `json:"depth"` // how many links it is away

	entry *entry
}

// graphOf finds the notes around one that these readers may have, and which of them lead to which.
func (s scope) graphOf(e *entry) *graph {
	g := &graph{Edges: [][2]int{}, work: maxGraphWork}
	numbers := make(map[*entry]int)
	add := func(e *entry, depth int) {
		if _, known := numbers[e]; !known && len(g.Nodes) < maxGraphNodes {
			numbers[e] = len(g.Nodes)
			g.Nodes = append(g.Nodes, graphNode{e.doc.Title, s.outer(escaped(e.url)), depth, e})
		}
	}
	add(e, 0)
	leads := make(map[*entry][]*entry)
	for i := 0; i < len(g.Nodes); i++ {
		n := g.Nodes[i]
		leads[n.entry] = g.leadsTo(s, n.entry)
		if n.Depth == maxGraphDepth {
			continue
		}
		for _, to := range leads[n.entry] {
			add(to, n.Depth+1)
		}
		if len(g.Nodes) == maxGraphNodes {
			continue
		}
		links, resolved := s.linking(n.entry, g.work)
		g.work -= resolved
		for _, link := range links {
			add(link.from, n.Depth+1)
		}
	}
	seen := make(map[[2]int]bool)
	for i, n := range g.Nodes {
		for _, to := range leads[n.entry] {
			j, known := numbers[to]
			edge := [2]int{min(i, j), max(i, j)}
			if known && i != j && !seen[edge] {
				seen[edge] = true
				g.Edges = append(g.Edges, edge)
			}
		}
	}
	return g
}

// leadsTo lists the notes to which an entry's first links lead.
func (g *graph) leadsTo(s scope, e *entry) []*entry {
	var list []*entry
	for i := range e.doc.Links[:min(len(e.doc.Links), maxGraphLinks, g.work)] {
		g.work--
		url, ok := s.resolve(e, i)
		if to := at(s.entries, url); ok && to != nil && s.mayRead(to) {
			list = append(list, to)
		}
	}
	return list
}

// graphPage is the graph of the note at a URL path.
type graphPage struct{ url string }

const jsonType = "application/json"

func (p graphPage) address() string { return graphPrefix + p.url }

func (p graphPage) contentType() string { return jsonType }

func (p graphPage) render(r *reading) []byte {
	text := r.graphText(p.url)
	r.answers[question{about: graphAt, of: p.url}] = digestOf(string(text))
	return text
}

// graphText is a page's graph as it is sent.
func (s scope) graphText(url string) []byte {
	e := at(s.entries, url)
	if e == nil || !s.mayRead(e) {
		return nil // no page asks
	}
	return toJSON(s.graphOf(e))
}

func toJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts and numbers can always be written
	}
	return append(text, '\n')
}

// treePage lists what is in a folder, for the explorer.
type treePage struct{ folder *folder }

// maxTree bounds the lines of such a list.
const maxTree = 1000

type treeLine struct {
	Title  string `json:"title"`
	URL    string `json:"url"` // ready to be used
	Folder bool   `json:"folder,omitempty"`
	Tree   string `json:"tree,omitempty"` // where what is in a folder is listed, ready to be used
}

func (p treePage) address() string { return treePrefix + p.folder.url }

func (p treePage) contentType() string { return jsonType }

func (p treePage) render(r *reading) []byte {
	items, more := r.list(p.folder.url, maxTree)
	lines := make([]treeLine, 0, len(items)+1)
	for _, i := range items {
		line := treeLine{Title: i.Title, URL: r.outer(escaped(i.URL)), Folder: i.Folder}
		if i.Folder {
			line.Tree = r.outer(treeURL(i.URL))
		}
		lines = append(lines, line)
	}
	if more {
		lines = append(lines, treeLine{Title: "More …", URL: r.outer(escaped(p.folder.url))})
	}
	return toJSON(lines)
}

// previewPrefix is where the previews of notes are.
const previewPrefix = systemPrefix + "/preview"

// maxPreview is how much of a note's text a preview shows, in characters.
const maxPreview = 400

// previewPage is a note in short: its title and the beginning of its text, a fragment of HTML.
type previewPage struct{ entry *entry }

func (p previewPage) address() string { return previewPrefix + p.entry.url }

func (p previewPage) contentType() string { return htmlType }

func (p previewPage) render(r *reading) []byte {
	return execute("preview.html", struct{ Lang, Title, Text string }{
		strings.TrimSpace(p.entry.doc.Lang), p.entry.doc.Title, r.excerpt(p.entry, maxPreview),
	})
}

// excerpt gives what a note is about: the beginning of its text, or else its description.
func (s scope) excerpt(e *entry, n int) string {
	if s.Excerpt != nil {
		if text := s.Excerpt(e.doc, n); text != "" {
			return text
		}
	}
	return e.doc.Description
}

// system gives what is at an address of the server's own that is made of the notes, nil if there is nothing.
func (s scope) system(urlPath string) *page {
	if url, ok := strings.CutPrefix(urlPath, treePrefix); ok {
		if f := at(s.shelf().folders, url); f != nil {
			return &page{s, treePage{f}, false}
		}
	}
	if url, ok := strings.CutPrefix(urlPath, graphPrefix); ok && !s.layout.settings.HideGraph {
		if e := at(s.entries, url); e != nil {
			return s.pageOf(e, graphPage{url})
		}
	}
	if url, ok := strings.CutPrefix(urlPath, previewPrefix); ok {
		if e := at(s.entries, url); e != nil {
			return s.pageOf(e, previewPage{e})
		}
	}
	return nil
}

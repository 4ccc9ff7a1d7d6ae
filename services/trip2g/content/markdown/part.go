package markdown

import (
	"errors"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"

	"trip2g/services/trip2g"
)

// Errors of embeds with a missing anchor.
var (
	errNoHeading = errors.New("has no such heading")
	errNoBlock   = errors.New("has no block of that name")
)

// partOf returns the embedded part of a tree with heading ids: the note without its title, or the
// section or block that anchor names. It removes all ids, which could collide on the page, and
// lowers headings by one level.
func partOf(root ast.Node, doc *trip2g.Document, anchor string) (ast.Node, error) {
	part := root
	if anchor == "" {
		if h, ok := root.FirstChild().(*ast.Heading); ok && h.Level == 1 && doc.TitleInBody {
			root.RemoveChild(root, h)
		}
	} else if part = cutPart(root, anchor); part == nil {
		if strings.HasPrefix(anchor, "^") {
			return nil, errNoBlock
		}
		return nil, errNoHeading
	}
	ast.Walk(part, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if h, ok := n.(*ast.Heading); ok && entering {
			h.Level = min(h.Level+1, 6)
		}
		if entering && n.Type() == ast.TypeBlock {
			n.RemoveAttributes()
		}
		if e, ok := n.(*element); ok {
			e.attributes = nil // before links are resolved, an element has no attribute but an id
		}
		return ast.WalkContinue, nil
	})
	return part, nil
}

// cutPart moves the part that an anchor names into a new tree, with its footnotes.
func cutPart(root ast.Node, anchor string) ast.Node {
	named := findAnchor(root, anchor)
	if named == nil {
		return nil
	}
	footnotes, _ := root.LastChild().(*extast.FootnoteList)
	part := ast.NewDocument()
	if named.Kind() == ast.KindListItem {
		named = onlyItem(named)
	}
	next := named.NextSibling()
	part.AppendChild(part, named)
	if h, ok := named.(*ast.Heading); ok && !strings.HasPrefix(anchor, "^") {
		for next != nil && next != footnotes {
			if other, ok := next.(*ast.Heading); ok && other.Level <= h.Level {
				break
			}
			following := next.NextSibling()
			part.AppendChild(part, next)
			next = following
		}
	}
	if footnotes != nil && footnotes.Parent() == root {
		moveFootnotes(part, footnotes)
	}
	return part
}

// findAnchor returns the block with an id, or the block that begins with an element with the id.
func findAnchor(root ast.Node, anchor string) (found ast.Node) {
	ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		if e, ok := n.(*element); ok && len(e.attributes) > 0 && e.attributes[0] == (attribute{"id", anchor}) {
			found = e.Parent()
			return ast.WalkStop, nil
		}
		if id, ok := n.AttributeString("id"); ok && n.Type() == ast.TypeBlock && string(id.([]byte)) == anchor {
			found = n
			return ast.WalkStop, nil
		}
		return ast.WalkContinue, nil
	})
	return found
}

// onlyItem removes the other items from an item's list and returns the list. The item's number
// stays.
func onlyItem(item ast.Node) ast.Node {
	list := item.Parent().(*ast.List)
	for list.FirstChild() != item {
		list.RemoveChild(list, list.FirstChild())
		list.Start++
	}
	for list.LastChild() != item {
		list.RemoveChild(list, list.LastChild())
	}
	if !list.IsOrdered() {
		list.Start = 0
	}
	return list
}

const footnotePrefixKey = "footnotes"

// setFootnotePrefix distinguishes the footnotes of one text of a fragment from the others'.
func setFootnotePrefix(root ast.Node, text int) {
	if text > 0 {
		root.SetAttributeString(footnotePrefixKey, []byte("e"+strconv.Itoa(text)+"-"))
	}
}

func footnotePrefix(n ast.Node) []byte {
	prefix, _ := n.OwnerDocument().AttributeString(footnotePrefixKey)
	b, _ := prefix.([]byte)
	return b
}

// moveFootnotes moves the footnotes of a part below it and renumbers them.
func moveFootnotes(part ast.Node, from *extast.FootnoteList) {
	notes := make(map[int]*extast.Footnote)
	for c := from.FirstChild(); c != nil; c = c.NextSibling() {
		if note, ok := c.(*extast.Footnote); ok {
			notes[note.Index] = note
		}
	}
	numbers := make(map[int]int) // new numbers by old ones
	kept := make(map[[2]int]bool)
	var taken []*extast.Footnote
	take := func(in ast.Node) {
		ast.Walk(in, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			if ref, ok := n.(*extast.FootnoteLink); ok && entering && notes[ref.Index] != nil {
				kept[[2]int{ref.Index, ref.RefIndex}] = true
				if numbers[ref.Index] == 0 {
					taken = append(taken, notes[ref.Index])
					numbers[ref.Index] = len(taken)
				}
				ref.Index = numbers[ref.Index]
			}
			return ast.WalkContinue, nil
		})
	}
	take(part)
	for i := 0; i < len(taken); i++ {
		take(taken[i])
	}
	if len(taken) == 0 {
		return
	}
	list := extast.NewFootnoteList()
	for _, note := range taken {
		list.AppendChild(list, note)
		renumber(note, numbers[note.Index], kept)
	}
	part.AppendChild(part, list)
}

// renumber sets the number of a footnote and removes its links to references that are not kept.
func renumber(note *extast.Footnote, number int, kept map[[2]int]bool) {
	var links []*extast.FootnoteBacklink
	ast.Walk(note, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if back, ok := n.(*extast.FootnoteBacklink); ok && entering {
			links = append(links, back)
		}
		return ast.WalkContinue, nil
	})
	for _, back := range links {
		if !kept[[2]int{note.Index, back.RefIndex}] {
			back.Parent().RemoveChild(back.Parent(), back)
		}
		back.Index = number
	}
	note.Index = number
}

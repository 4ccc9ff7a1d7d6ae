package markdown

import (
	"bytes"
	"regexp"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// blockMark matches the block identifier of Obsidian, "^name", at the end of a block.
var blockMark = regexp.MustCompile(`(?:^|[ \t])\^([A-Za-z0-9-]{1,100})\s*$`)

var blockIDsKey = parser.NewContextKey()

// blockIDs removes the identifier from a paragraph's end. A paragraph of only an identifier names
// the block before it.
type blockIDs struct{}

func (blockIDs) Transform(node *ast.Paragraph, reader text.Reader, pc parser.Context) {
	lines := node.Lines()
	last := lines.At(lines.Len() - 1)
	rest, id := cutBlockID(last, reader.Source())
	switch before := node.PreviousSibling(); {
	case id == nil:
	case !rest.IsEmpty():
		lines.Set(lines.Len()-1, rest)
		setBlockID(named(node), id, pc)
	case lines.Len() > 1:
		lines.SetSliced(0, lines.Len()-1)
		setBlockID(named(node), id, pc)
	case before != nil:
		setBlockID(before, id, pc)
		node.Parent().RemoveChild(node.Parent(), node)
	}
}

// named returns the block that a paragraph's identifier names: the list item if the paragraph
// begins one.
func named(node *ast.Paragraph) ast.Node {
	if item := node.Parent(); item.Kind() == ast.KindListItem && node.PreviousSibling() == nil {
		return item
	}
	return node
}

// cutBlockID removes the identifier from a line. id is the fragment of links to the block, nil
// without an identifier.
func cutBlockID(line text.Segment, source []byte) (rest text.Segment, id []byte) {
	value := line.Value(source)
	if bytes.IndexByte(value, '^') < 0 {
		return line, nil
	}
	m := blockMark.FindSubmatchIndex(value)
	if m == nil {
		return line, nil
	}
	rest = line.WithStop(line.Start - line.Padding + m[0])
	return rest.TrimRightSpace(source), append([]byte("^"), bytes.ToLower(value[m[2]:m[3]])...)
}

// setBlockID sets a block's id. The first block with an id keeps it, and a block keeps its first
// id.
func setBlockID(block ast.Node, id []byte, pc parser.Context) {
	used, _ := pc.Get(blockIDsKey).(map[string]bool)
	if used == nil {
		used = make(map[string]bool)
		pc.Set(blockIDsKey, used)
	}
	if _, named := block.AttributeString("id"); named || used[string(id)] {
		return
	}
	used[string(id)] = true
	block.SetAttributeString("id", id)
}

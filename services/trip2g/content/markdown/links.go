package markdown

import (
	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"

	"trip2g/services/trip2g"
)

// maxLinks limits the stored links of one note.
const maxLinks = 10_000

// collector is a Links that resolves nothing and records the requested references.
type collector struct {
	files     []string
	seenFiles map[string]bool
	links     []trip2g.Link
	seenLinks map[trip2g.Link]int // links without Start, to their indexes in links
	full      bool                // there were more than maxLinks

	block byteRange // range of the text that contains the next references
}

// newCollector returns a collector with the files in a document's frontmatter.
func newCollector(doc *trip2g.Document) *collector {
	c := &collector{seenFiles: make(map[string]bool), seenLinks: make(map[trip2g.Link]int)}
	for _, ref := range doc.AssetRefs {
		c.Asset(ref)
	}
	return c
}

// Note is trip2g.Links'. collect records the links.
func (c *collector) Note(string) (string, bool) { return "", false }

// Embed is trip2g.Links'.
func (c *collector) Embed(target string) (trip2g.Embed, bool) {
	c.collect(trip2g.Link{Target: target, Embed: true})
	return trip2g.Embed{}, false
}

// Settings is trip2g.Links'.
func (c *collector) Settings() trip2g.Settings { return trip2g.Settings{} }

// Asset is trip2g.Links'.
func (c *collector) Asset(ref string) (trip2g.NoteAsset, bool) {
	if !c.seenFiles[ref] {
		c.seenFiles[ref] = true
		c.files = append(c.files, ref)
	}
	return trip2g.NoteAsset{}, false
}

// collect adds a link, unless its target has the extension of an image, audio, video or PDF file.
func (c *collector) collect(l trip2g.Link) {
	if mediaTag(l.Target) == "" && !isPDF(l.Target) {
		c.add(l)
	}
}

func (c *collector) add(l trip2g.Link) {
	key := l
	key.Embed = false
	if i, known := c.seenLinks[key]; known {
		c.links[i].Embed = c.links[i].Embed || l.Embed
		return
	}
	if len(c.links) == maxLinks {
		c.full = true
		return
	}
	c.seenLinks[key] = len(c.links)
	l.Start, l.End = c.block.start, c.block.end
	c.links = append(c.links, l)
}

// blockOf returns the range of the block that contains a node: a paragraph, a heading or a table
// row. For an inline footnote it is the line.
func blockOf(n ast.Node, source []byte) byteRange {
	for block := n; block != nil; block = block.Parent() {
		if block.Type() != ast.TypeBlock {
			continue
		}
		first, last := block, block
		if block.Kind() == extast.KindTableCell {
			first, last = block.Parent().FirstChild(), block.Parent().LastChild()
		}
		if lines, end := first.Lines(), last.Lines(); lines.Len() > 0 && end.Len() > 0 {
			return byteRange{lines.At(0).Start, end.At(end.Len() - 1).Stop}
		}
		break
	}
	return lineAt(source, max(n.Pos(), 0))
}

// maxLineAround limits how far lineAt looks in each direction, in bytes.
const maxLineAround = 4096

// lineAt returns the line that contains a byte, or the part around the byte of a long line.
func lineAt(source []byte, at int) byteRange {
	start, end := min(at, len(source)), min(at, len(source))
	for start > max(at-maxLineAround, 0) && source[start-1] != '\n' {
		start--
	}
	for end < min(at+maxLineAround, len(source)) && source[end] != '\n' {
		end++
	}
	return byteRange{start, end}
}

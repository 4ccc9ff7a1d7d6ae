package markdown

import (
	"bytes"
	"slices"

	"github.com/yuin/goldmark/ast"
)

// commentFence begins and ends a comment of Obsidian's, within a line or over many.
const commentFence = "%%"

// commentPasses bounds how often a text is parsed anew because a comment changed what is code. After
// that, fences in code count too.
const commentPasses = 4

// withoutComments takes the comments out of a text, before anything else looks at it: what a
// comment holds can be no title, link, tag or text of the page, and cannot be found. Line ends
// stay, so that lines keep their numbers. Fences in code mean nothing. One that begins a line and
// has no end hides the rest; open is its line, from 0, -1: there is none.
func withoutComments(source []byte) (text []byte, open int) {
	for pass := 0; bytes.Contains(source, []byte(commentFence)); pass++ {
		var code []byteRange
		if pass < commentPasses {
			code = codeRanges(source)
		}
		found, start, again := findComments(source, code)
		text := cutRanges(source, found)
		switch {
		case start >= 0:
			return text, bytes.Count(source[:start], []byte{'\n'})
		case !again:
			return text, -1
		}
		source = text
	}
	return source, -1
}

// withoutFenced takes the comments out of a text that cannot be parsed, and code that looks like one.
func withoutFenced(text string) string {
	source := []byte(text)
	found, _, _ := findComments(source, nil)
	return string(cutRanges(source, found))
}

// byteRange is the bytes from start up to end of a text.
type byteRange struct{ start, end int }

// codeRanges returns where a text is code, in order.
func codeRanges(source []byte) []byteRange {
	var found []byteRange
	root, limits := parseTree(source, noteWork)
	ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n.Kind() {
		case ast.KindCodeBlock, ast.KindFencedCodeBlock:
			lines := n.Lines()
			if lines.Len() > 0 && !limits.dense[n] {
				found = append(found, byteRange{lines.At(0).Start, lines.At(lines.Len() - 1).Stop})
			}
		case ast.KindCodeSpan:
			first, ok := n.FirstChild().(*ast.Text)
			last, _ := n.LastChild().(*ast.Text)
			if ok && last != nil {
				found = append(found, byteRange{first.Segment.Start, last.Segment.Stop})
			}
		}
		return ast.WalkContinue, nil
	})
	slices.SortFunc(found, func(a, b byteRange) int { return a.start - b.start })
	return found
}

// findComments returns the comments that begin outside of code. A comment that ends within code took
// the code's beginning away: what follows must be looked at again.
func findComments(source []byte, code []byteRange) (found []byteRange, open int, again bool) {
	for at := 0; ; {
		start := nextFence(source, at)
		if start < 0 {
			return found, -1, false
		}
		for len(code) > 0 && code[0].end <= start {
			code = code[1:]
		}
		if len(code) > 0 && code[0].start <= start {
			at = code[0].end
			continue
		}
		length := bytes.Index(source[start+len(commentFence):], []byte(commentFence))
		if length < 0 {
			if !beginsLine(source, start) {
				return found, -1, false
			}
			return append(found, byteRange{start, len(source)}), start, false
		}
		at = start + length + 2*len(commentFence)
		found = append(found, byteRange{start, at})
		for len(code) > 0 && code[0].end <= at {
			code = code[1:]
		}
		if len(code) > 0 && code[0].start < at {
			return found, -1, true
		}
	}
}

// nextFence returns the offset of the next fence that no backslash makes text, -1 if there is none.
func nextFence(source []byte, at int) int {
	for {
		i := bytes.Index(source[at:], []byte(commentFence))
		if i < 0 {
			return -1
		}
		if at += i; !isEscaped(source, at) {
			return at
		}
		at++
	}
}

// isEscaped reports whether an odd number of backslashes comes before a byte.
func isEscaped(source []byte, at int) bool {
	n := 0
	for at-n > 0 && source[at-n-1] == '\\' {
		n++
	}
	return n%2 == 1
}

// linePrefix is what can begin each line of a quote or list.
const linePrefix = "> \t"

// beginsLine reports whether nothing but linePrefix comes before a byte on its line.
func beginsLine(source []byte, at int) bool {
	line := source[bytes.LastIndexByte(source[:at], '\n')+1 : at]
	return len(bytes.Trim(line, linePrefix)) == 0
}

// cutRanges takes bytes out of a text, all but its line ends and what begins a line within a quote
// or a list.
func cutRanges(source []byte, cut []byteRange) []byte {
	kept := make([]byte, 0, len(source))
	at := 0
	for _, r := range cut {
		kept = append(kept, source[at:r.start]...)
		for i := r.start; i < r.end; i++ {
			if source[i] == '\n' {
				end := i + 1
				for end < r.end && bytes.IndexByte([]byte(linePrefix), source[end]) >= 0 {
					end++
				}
				kept = append(kept, source[i:end]...)
				i = end - 1
			}
		}
		at = r.end
	}
	return append(kept, source[at:]...)
}

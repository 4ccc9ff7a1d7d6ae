package markdown

import (
	"bytes"
	"slices"

	"github.com/yuin/goldmark/ast"
)

// commentFence begins and ends an Obsidian comment, inline or over several lines.
const commentFence = "%%"

// commentPasses limits how often a text is parsed again because a removed comment changed what is
// code. After that, fences in code count too.
const commentPasses = 4

// withoutComments removes comments before any other parsing, so that their content never becomes a
// title, link, tag or searchable text. Line ends stay, so that line numbers stay the same. Fences
// in code are ignored. A fence at the start of a line without an end hides the rest; open is its
// line, from 0, or -1.
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

// withoutFenced removes comments from a text that cannot be parsed, even from its code.
func withoutFenced(text string) string {
	source := []byte(text)
	found, _, _ := findComments(source, nil)
	return string(cutRanges(source, found))
}

// byteRange is a half-open range of bytes in a text.
type byteRange struct{ start, end int }

// codeRanges returns the ranges of code in a text, in order.
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

// findComments returns the comments that begin outside of code. If a comment ends within code, it
// removes the start of the code, and again is true: the text must be parsed again.
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

// nextFence returns the offset of the next fence without a backslash, -1 without one.
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

// isEscaped reports whether an odd number of backslashes precedes a byte.
func isEscaped(source []byte, at int) bool {
	n := 0
	for at-n > 0 && source[at-n-1] == '\\' {
		n++
	}
	return n%2 == 1
}

// linePrefix are the characters before the text of a line in a quote or list.
const linePrefix = "> \t"

// beginsLine reports whether only linePrefix precedes a byte on its line.
func beginsLine(source []byte, at int) bool {
	line := source[bytes.LastIndexByte(source[:at], '\n')+1 : at]
	return len(bytes.Trim(line, linePrefix)) == 0
}

// cutRanges removes ranges from a text, except for line ends and the prefixes of lines in quotes
// and lists.
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

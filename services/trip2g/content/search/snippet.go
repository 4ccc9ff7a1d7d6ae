package search

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of a snippet, in columns: a character of a script without spaces counts as two.
const (
	snippetWidth  = 200
	snippetBefore = 60 // before the first hit
	snippetHits   = 200
)

// hit is the location of a term in a text, in bytes.
type hit struct{ start, end, term int }

// snippet returns the part of a text with the most terms of a query, on one line, and the ranges of
// the terms in UTF-16 code units. Without any term, ok is false and piece is the text's beginning.
func snippet(text string, q query) (piece string, marks [][2]int, ok bool) {
	hits := hitsOf(text, q)
	start, end := 0, 0
	if len(hits) > 0 {
		start = before(text, best(hits).start)
	}
	end = after(text, start)
	w := pieceWriter{}
	if start > 0 {
		w.text("…")
		start += len(text[start:end]) - len(strings.TrimLeftFunc(text[start:end], unicode.IsSpace))
	}
	for _, h := range hits {
		if h.start < start || h.end > end {
			continue
		}
		w.text(text[start:h.start])
		from := w.mark()
		w.text(text[h.start:h.end])
		if len(marks) > 0 && marks[len(marks)-1][1] >= from {
			marks[len(marks)-1][1] = w.units
		} else {
			marks = append(marks, [2]int{from, w.units})
		}
		start = h.end
	}
	w.text(text[start:end])
	if strings.TrimSpace(text[end:]) != "" {
		w.space = false
		w.text("…")
	}
	return w.out.String(), marks, len(hits) > 0
}

// hitsOf returns the first hits of a query in a text, in order and not overlapping.
func hitsOf(text string, q query) (hits []hit) {
	var row [maxWords]word // ring buffer of the last words
	n := 0
	words(text, func(w word) bool {
		row[n%len(row)] = w
		n++
		h, ok := hitAt(&row, n, q)
		if !ok {
			return true
		}
		if last := len(hits) - 1; last >= 0 && hits[last].end > h.start {
			hits[last].end = max(hits[last].end, h.end)
			return true
		}
		hits = append(hits, h)
		return len(hits) < snippetHits
	})
	return hits
}

// hitAt reports whether a term of the query ends with the last of n words.
func hitAt(row *[maxWords]word, n int, q query) (hit, bool) {
	last := row[(n-1)%len(row)]
	for i, t := range q.terms {
		if t.field == inTags || t.field == inPath {
			continue
		}
		for _, p := range t.phrases {
			length := len(p.words)
			if length > n || !ends(last, p) {
				continue
			}
			whole := true
			for k := 0; k < length-1 && whole; k++ {
				whole = row[(n-length+k)%len(row)].text == p.words[k]
			}
			if !whole {
				continue
			}
			end := last.end
			if last.run && last.text != p.words[length-1] {
				end = last.first
			}
			return hit{row[(n-length)%len(row)].start, end, i}, true
		}
	}
	return hit{}, false
}

// ends reports whether a word matches the last one of a phrase.
func ends(w word, p phrase) bool {
	wanted := p.words[len(p.words)-1]
	return w.text == wanted || p.prefix && strings.HasPrefix(w.text, wanted)
}

// best returns the hit from which a snippet has the most different terms, the first of equals.
func best(hits []hit) hit {
	const near = snippetWidth - snippetBefore
	chosen, most := hits[0], 0
	for i, h := range hits {
		var terms [maxTerms]bool
		n := 0
		for _, other := range hits[i:] {
			if other.start-h.start > near {
				break
			}
			if !terms[other.term] {
				terms[other.term] = true
				n++
			}
		}
		if n > most {
			chosen, most = h, n
		}
	}
	return chosen
}

// before returns the start of a snippet with a hit: the line's start if it is near, else between
// words.
func before(text string, at int) int {
	start := at
	for width := 0; start > 0; {
		r, size := utf8.DecodeLastRuneInString(text[:start])
		if r == '\n' {
			return start
		}
		if width += columnsOf(r); width > snippetBefore {
			break
		}
		start -= size
	}
	if start == 0 {
		return 0
	}
	for i, r := range text[start:at] {
		if unicode.IsSpace(r) {
			return start + i + utf8.RuneLen(r)
		}
	}
	return start
}

// after returns the end of a snippet that begins at start.
func after(text string, start int) int {
	width, space := 0, -1
	for i, r := range text[start:] {
		if unicode.IsSpace(r) {
			space = start + i
		}
		if width += columnsOf(r); width > snippetWidth {
			if space > start+i-3*snippetBefore && kindOf(r) != unspaced && space > start {
				return space
			}
			return start + i
		}
	}
	return len(text)
}

func columnsOf(r rune) int {
	if r >= utf8.RuneSelf && kindOf(r) == unspaced {
		return 2
	}
	return 1
}

// pieceWriter writes a snippet on one line and counts its UTF-16 code units.
type pieceWriter struct {
	out   strings.Builder
	units int
	space bool // a space precedes the next character
}

func (w *pieceWriter) text(s string) {
	for _, r := range s {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			w.space = w.units > 0
			continue
		}
		w.mark()
		w.write(r)
	}
}

// mark returns the offset of the next character.
func (w *pieceWriter) mark() int {
	if w.space {
		w.space = false
		w.write(' ')
	}
	return w.units
}

func (w *pieceWriter) write(r rune) {
	w.out.WriteRune(r)
	w.units++
	if r > 0xFFFF {
		w.units++
	}
}

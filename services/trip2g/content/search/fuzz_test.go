package search

import (
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"trip2g/internal/tempdir"
)

// FTS5 accepts every query, every note can be indexed, and a note's words find it.
func FuzzSearch(f *testing.F) {
	for _, seed := range [][2]string{
		{`a AND "b`, "a b c"}, {`-tag:x title:"y z" path:/a #b`, "x"}, {"東京都 go", "東京都go"}, {"e\u0301\u200d", "é"}, {"ｶﾞ", "ガギ"}, {"🎉", "\ufe0f🎉"}, {"ภาษา", "ภาษาไทย"}, {"a*^:{}()'", "\x00"},
	} {
		f.Add(seed[0], seed[1])
	}
	db, err := openDatabase(tempdir.Of(f.TempDir()), 0, 1)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(db.close)
	r := db.readers[0]
	finds := func(t *testing.T, typed string) bool {
		q := parse(typed, 0)
		if q.isEmpty() {
			return false
		}
		found, err := r.ranked(t.Context(), q, visible{mask: 1, notes: 1})
		if err != nil {
			t.Fatalf("search %q as %s: %v", typed, q.expression(), err)
		}
		return len(found) > 0
	}
	f.Fuzz(func(t *testing.T, typed, text string) {
		text = strings.ToValidUTF8(text, "")
		e := entry{indexed: indexed{row: rowOf(1, 0)}}
		e.fields[inText] = spaced(text)
		if err := db.apply([]indexed{e.indexed}, []entry{e}, false); err != nil {
			t.Fatalf("put %q into the index: %v", text, err)
		}
		finds(t, typed)
		n := 0
		words(text, func(w word) bool {
			piece := text[w.start:w.end]
			if !utf8.ValidString(piece) || w.start >= w.end || w.end > len(text) || w.first > w.end {
				t.Fatalf("%q has a word at %d to %d", text, w.start, w.end)
			}
			if len(piece) < maxQuery && !strings.ContainsAny(piece, "#") && !finds(t, `"`+piece+`"`) {
				t.Errorf("%q does not find %q", piece, text)
			}
			n++
			return n < 20
		})
		piece, marks, _ := snippet(text, parse(typed, 0))
		units, at := len(utf16.Encode([]rune(piece))), 0
		for _, m := range marks {
			if m[0] < at || m[1] <= m[0] || m[1] > units {
				t.Errorf("%q in %q is marked at %v", typed, piece, marks)
			}
			at = m[1]
		}
		if !utf8.ValidString(piece) || strings.ContainsAny(piece, "\n\x00") {
			t.Errorf("the snippet of %q is %q", text, piece)
		}
	})
}

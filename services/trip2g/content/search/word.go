package search

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxWord limits a folded word, in bytes: longer ones are cut.
const maxWord = 64

// word is a token of a text.
//
// In a script with spaces, a token is a word. In a script without, it is each pair of adjacent
// characters and the last character of a run alone (bigrams). So any part of a run is found as a
// phrase, without a dictionary, and a single character as the beginning of a token.
type word struct {
	start, end int    // byte range in the text
	text       string // folded form; words are equal if it is
	first      int    // end of its first character; equal to end in a script with spaces
	run        bool   // in a script without spaces
	last       bool   // the last one of a run, of one character
}

// kind classifies a character.
type kind uint8

const (
	between  kind = iota // separates words
	letter               // of a script with spaces: letters, digits and their marks
	unspaced             // of a script without
	symbol               // a word by itself, such as an emoji
)

// words calls visit for the words of a text in order until visit returns false.
func words(text string, visit func(word) bool) {
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		ok := true
		switch kindOf(r) {
		case letter:
			end := endOf(letter, text, at+size)
			if folded := foldWord(text[at:end]); folded != "" {
				ok = visit(word{start: at, end: end, text: folded, first: end})
			}
			at = end
		case unspaced:
			end := endOf(unspaced, text, at+size)
			ok = visitRun(text, at, end, visit)
			at = end
		case symbol:
			ok = visit(word{start: at, end: at + size, text: text[at : at+size], first: at + size})
			at += size
		default:
			at += size
		}
		if !ok {
			return
		}
	}
}

func endOf(k kind, text string, at int) int {
	for at < len(text) {
		r, size := utf8.DecodeRuneInString(text[at:])
		if kindOf(r) != k && !(k == unspaced && isMark(r)) {
			break
		}
		at += size
	}
	return at
}

// visitRun is words for a run of a script without spaces.
func visitRun(text string, start, end int, visit func(word) bool) bool {
	last := word{start: start, run: true}
	last.first = character(text[:end], start)
	last.text = foldWord(text[start:last.first])
	for last.first < end {
		next := character(text[:end], last.first)
		folded := foldWord(text[last.first:next])
		if last.text != "" && folded != "" {
			pair := last
			pair.end, pair.text = next, last.text+folded
			if !visit(pair) {
				return false
			}
		}
		if folded != "" {
			last.start, last.text = last.first, folded
		}
		last.first = next
	}
	last.end, last.last = last.first, true
	return last.text == "" || visit(last)
}

// character returns the end of the character at an offset, including its marks.
func character(text string, at int) int {
	_, size := utf8.DecodeRuneInString(text[at:])
	at += size
	for at < len(text) {
		r, size := utf8.DecodeRuneInString(text[at:])
		if !isMark(r) {
			break
		}
		at += size
	}
	return at
}

// isMark reports whether a character belongs to the previous one: an accent, a vowel sign, the
// voicing mark of half-width kana.
func isMark(r rune) bool {
	return r >= 0x300 && unicode.IsMark(r) || r == 0xFF9E || r == 0xFF9F
}

func kindOf(r rune) kind {
	switch {
	case r < utf8.RuneSelf:
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
			return letter
		}
		return between
	case r == softHyphen || r == nonJoiner || r == joiner:
		return letter // within a word; alone it folds to nothing
	case !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r):
		if unicode.Is(unicode.So, r) && r != utf8.RuneError {
			return symbol
		}
		return between
	case unicode.Is(unspacedScripts, r):
		return unspaced
	}
	return letter
}

// Invisible characters within a word.
const (
	softHyphen = 0xAD
	nonJoiner  = 0x200C
	joiner     = 0x200D
)

// unspacedScripts are Chinese, Japanese, Korean, Thai, Lao, Burmese and Khmer. Korean has spaces,
// but appends particles to words.
var unspacedScripts = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x0E00, 0x0EFF, 1}, {0x1000, 0x109F, 1}, {0x1100, 0x11FF, 1}, {0x1780, 0x17FF, 1}, {0x2E80, 0x2FDF, 1},
		{0x3005, 0x3007, 1}, {0x3041, 0x30FA, 1}, {0x30FC, 0x31FF, 1}, {0x3400, 0x4DBF, 1}, {0x4E00, 0x9FFF, 1},
		{0xA960, 0xA97F, 1}, {0xA9E0, 0xA9FF, 1}, {0xAA60, 0xAA7F, 1}, {0xAC00, 0xD7FF, 1}, {0xF900, 0xFAFF, 1}, {0xFF66, 0xFFDC, 1},
	},
	R32: []unicode.Range32{{0x1B000, 0x1B16F, 1}, {0x20000, 0x3FFFD, 1}},
}

// cutWord cuts a word to maxWord.
func cutWord(s string) string {
	if len(s) <= maxWord {
		return s
	}
	end := maxWord
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

// spaced returns the words of texts, separated by spaces, for the tokenizer.
func spaced(texts ...string) string {
	var out strings.Builder
	for _, text := range texts {
		words(text, func(w word) bool {
			out.WriteByte(' ')
			out.WriteString(w.text)
			return true
		})
	}
	return out.String()
}

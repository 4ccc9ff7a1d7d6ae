package search

import (
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/russian"
)

// A stem shorter than this, in characters, begins too many words that are others.
const minStem = 3

// stemOf gives what the other forms of a word begin with, "" if that is not known. The index has words as
// they are written: forms are found by their beginning, and rank below the word itself. So a text needs
// no language, and a stem that is too short finds too much but hides nothing.
func stemOf(word string) string {
	stem := snowballstem.NewEnv(word)
	switch r := first(word); {
	case 'a' <= r && r <= 'z':
		english.Stem(stem)
	case unicode.Is(unicode.Cyrillic, r):
		russian.Stem(stem)
	default:
		return ""
	}
	s := stem.Current()
	if utf8.RuneCountInString(s) < minStem || len(s) > len(word) || word[:len(s)] != s {
		return ""
	}
	return s
}

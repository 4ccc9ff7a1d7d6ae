package search

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/danish"
	"github.com/blevesearch/snowballstem/dutch"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/finnish"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/hungarian"
	"github.com/blevesearch/snowballstem/irish"
	"github.com/blevesearch/snowballstem/italian"
	"github.com/blevesearch/snowballstem/norwegian"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/romanian"
	"github.com/blevesearch/snowballstem/russian"
	"github.com/blevesearch/snowballstem/spanish"
	"github.com/blevesearch/snowballstem/swedish"
	"github.com/blevesearch/snowballstem/turkish"
)

// language is an index in stemmers.
type language uint8

const (
	undeclared language = iota // not set by the note
	unstemmed                  // a language without a stemmer
	firstStemmed
)

// stemmers contains the stemmers by the ISO 639-1 codes of their languages.
var stemmers = [...]struct {
	codes  []string
	script *unicode.RangeTable
	stem   func(*snowballstem.Env) bool
}{
	undeclared:   {},
	unstemmed:    {},
	firstStemmed: {[]string{"en"}, unicode.Latin, english.Stem},
	{[]string{"ru"}, unicode.Cyrillic, russian.Stem},
	{[]string{"da"}, unicode.Latin, danish.Stem},
	{[]string{"de"}, unicode.Latin, german.Stem},
	{[]string{"es"}, unicode.Latin, spanish.Stem},
	{[]string{"fi"}, unicode.Latin, finnish.Stem},
	{[]string{"fr"}, unicode.Latin, french.Stem},
	{[]string{"ga"}, unicode.Latin, irish.Stem},
	{[]string{"hu"}, unicode.Latin, hungarian.Stem},
	{[]string{"it"}, unicode.Latin, italian.Stem},
	{[]string{"nl"}, unicode.Latin, dutch.Stem},
	{[]string{"no", "nb", "nn"}, unicode.Latin, norwegian.Stem},
	{[]string{"pt"}, unicode.Latin, portuguese.Stem},
	{[]string{"ro"}, unicode.Latin, romanian.Stem},
	{[]string{"sv"}, unicode.Latin, swedish.Stem},
	{[]string{"tr"}, unicode.Latin, turkish.Stem},
}

// languageOf returns the language of a tag (BCP 47), ignoring the region.
func languageOf(tag string) language {
	code, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if code == "" {
		return undeclared
	}
	for l := firstStemmed; int(l) < len(stemmers); l++ {
		if slices.Contains(stemmers[l].codes, code) {
			return l
		}
	}
	return unstemmed
}

// languages is a set of languages.
type languages uint32

func (s *languages) add(l language) { *s |= 1 << l }

// has reports whether a language is in the set.
func (s languages) has(l language) bool { return s>>l&1 != 0 }

// resolve returns the set with the site's language, if that has a stemmer, in place of undeclared.
func (s languages) resolve(siteLang string) languages {
	if l := languageOf(siteLang); s.has(undeclared) && l >= firstStemmed {
		s &^= 1 << undeclared
		s.add(l)
	}
	return s
}

// minStem is the minimum length of a stem, in characters. Shorter ones match too many unrelated
// words.
const minStem = 3

// stemsOf returns the stems of a word in each language of a set that is written in the word's
// script. If there is none, and for notes of an undeclared language, the script decides: English
// for Latin, Russian for Cyrillic.
//
// The index contains words as written. A query finds other forms of its word by a common prefix,
// ranked below the word itself. So no stem of the set hides a note.
func stemsOf(word string, set languages) []string {
	var stems []string
	known := false
	for l := firstStemmed; int(l) < len(stemmers); l++ {
		if set.has(l) && unicode.Is(stemmers[l].script, first(word)) {
			known = true
			stems = append(stems, stemIn(l, word))
		}
	}
	if !known || set.has(undeclared) {
		stems = append(stems, defaultStem(word))
	}
	return withoutCovered(stems)
}

// defaultStem returns the stem of a word in the language that its script suggests.
func defaultStem(word string) string {
	for _, l := range []language{languageOf("en"), languageOf("ru")} {
		if unicode.Is(stemmers[l].script, first(word)) {
			return stemIn(l, word)
		}
	}
	return ""
}

// stemIn returns a word's stem in a language; "" if it is not a prefix of the word, or too short.
func stemIn(l language, word string) string {
	env := snowballstem.NewEnv(word)
	stemmers[l].stem(env)
	if s := env.Current(); utf8.RuneCountInString(s) >= minStem && strings.HasPrefix(word, s) {
		return s
	}
	return ""
}

// withoutCovered drops stems with another stem as their prefix, because they find nothing more.
func withoutCovered(stems []string) (kept []string) {
	slices.SortFunc(stems, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	for _, s := range stems {
		if s != "" && !slices.ContainsFunc(kept, func(shorter string) bool { return strings.HasPrefix(s, shorter) }) {
			kept = append(kept, s)
		}
	}
	return kept
}

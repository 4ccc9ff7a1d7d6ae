package search

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Limits of a query. The rest of a longer one is ignored.
const (
	maxQuery = 1000 // bytes
	maxTerms = 16
	maxWords = 64 // of all terms
)

// field is a part of a note, a column of the index.
type field uint8

const (
	anywhere field = iota
	inTitle
	inNames // aliases, and the words of tags
	inHeadings
	inText
	inPath // of the page's URL
	inTags // each complete tag, and its parent tags
	fields
)

// columns are the names of the fields in the index.
var columns = [fields]string{inTitle: "title", inNames: "names", inHeadings: "headings", inText: "text", inPath: "path", inTags: "tags"}

// query matches the notes that have all of terms and none of without.
type query struct {
	text    string // cut to maxQuery
	terms   []term // required
	without []term // excluded
}

// term is a word, a phrase or a tag. A note matches if it has any of the phrases; the first is
// exact.
type term struct {
	field   field
	phrases []phrase
}

// phrase is a sequence of words as indexed.
type phrase struct {
	words  []string
	prefix bool    // the last word is a prefix
	weight float64 // of a hit
}

// Weights of a hit.
const (
	asWritten   = 1.0
	asBeginning = 0.5 // the start of a longer word
	asInflected = 0.4 // another form of the word
)

// parse parses a query, with the languages of the searched notes. Every text is a valid query. It
// searches for text without an operator:
//
//	one two     both words, in any form, the last one as a prefix
//	"one two"   the words as a phrase
//	-one        excludes the word; also in front of the following operators
//	tag:a/b #a  the tag or its child tags
//	path:a/b    in the page's URL
//	title:one   in the title
func parse(text string, set languages) query {
	if len(text) > maxQuery {
		text = text[:maxQuery]
	}
	text = norm.NFC.String(strings.ToValidUTF8(text, ""))
	q := query{text: strings.TrimFunc(text, isSpace)}
	budget := maxWords
	for len(q.terms)+len(q.without) < maxTerms && budget > 0 {
		var p piece
		p, text = cutPiece(text)
		if p == (piece{}) {
			break
		}
		t, ok := p.term(&budget, set)
		switch {
		case !ok:
		case p.not:
			q.without = append(q.without, term{t.field, t.phrases[:1]})
		default:
			q.terms = append(q.terms, t)
		}
	}
	return q
}

// piece is one operator with its text.
type piece struct {
	not    bool
	field  field
	quoted bool
	open   bool // at the end of the query, so the visitor may still be typing it
	text   string
}

// cutPiece returns the first piece of a text and the rest; an empty piece if there is none.
func cutPiece(text string) (p piece, rest string) {
	text = strings.TrimLeftFunc(text, isSpace)
	if text == "" {
		return piece{}, ""
	}
	if after, ok := strings.CutPrefix(text, "-"); ok && after != "" && !isSpace(first(after)) {
		p.not, text = true, after
	}
	p.field, text = cutField(text)
	if after, ok := cutQuote(text); ok {
		p.quoted = true
		end := strings.IndexFunc(after, isQuote)
		if end < 0 {
			p.open, p.text = true, after
			return p, ""
		}
		p.text = after[:end]
		_, size := utf8.DecodeRuneInString(after[end:])
		return p, after[end+size:]
	}
	end := strings.IndexFunc(text, isSpace)
	if end < 0 {
		p.open, p.text = true, text
		return p, ""
	}
	p.text = text[:end]
	return p, text[end:]
}

// operators are the prefixes that restrict a piece to a field.
var operators = [fields]string{inTags: "tag:", inPath: "path:", inTitle: "title:"}

func cutField(text string) (field, string) {
	for _, f := range []field{inTags, inPath, inTitle} {
		name := operators[f]
		if len(text) > len(name) && strings.EqualFold(text[:len(name)], name) && !isSpace(first(text[len(name):])) {
			return f, text[len(name):]
		}
	}
	if after, ok := strings.CutPrefix(text, "#"); ok && after != "" && !isSpace(first(after)) {
		return inTags, after
	}
	return anywhere, text
}

func cutQuote(text string) (string, bool) {
	if text == "" || !isQuote(first(text)) {
		return text, false
	}
	_, size := utf8.DecodeRuneInString(text)
	return text[size:], true
}

func first(text string) rune { r, _ := utf8.DecodeRuneInString(text); return r }

func isSpace(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

// isQuote reports whether r is a quotation mark of any keyboard; phones insert typographic ones.
func isQuote(r rune) bool { return strings.ContainsRune("\"“”„«»", r) }

// term returns the term of a piece; ok is false if it has no word. budget is the number of words
// that remain for the query.
func (p piece) term(budget *int, set languages) (t term, ok bool) {
	t.field = p.field
	if p.field == inTags {
		tag := foldTag(p.text)
		*budget--
		t.phrases = []phrase{{words: []string{tag}, weight: asWritten}}
		if p.open {
			t.phrases = append(t.phrases, phrase{[]string{tag}, true, asBeginning})
		}
		return t, tag != ""
	}
	list, last := queryWords(p.text, *budget)
	*budget -= len(list)
	if len(list) == 0 {
		return t, false
	}
	alone := last.run && last.last // one character of a script without spaces: the beginning of a word
	t.phrases = []phrase{{list, alone, asWritten}}
	if p.open && !last.run && utf8.RuneCountInString(last.text) > 1 || p.field == inPath {
		t.phrases = append(t.phrases, phrase{list, true, asBeginning})
	}
	if p.quoted || len(list) > 1 {
		return t, true
	}
	began := len(t.phrases) > 1
	for _, stem := range stemsOf(last.text, set) {
		if stem != last.text || !began {
			t.phrases = append(t.phrases, phrase{[]string{stem}, true, asInflected})
		}
	}
	return t, true
}

// queryWords returns the words of a piece and its last one. The character that ends a run is
// omitted, because the pair before it contains it, and in a note other pairs can follow.
func queryWords(text string, most int) (list []string, last word) {
	var run bool
	words(text, func(w word) bool {
		if len(list) == most {
			return false
		}
		list, last, run = append(list, w.text), w, w.run && w.last && last.run && last.end == w.end
		return true
	})
	if run {
		list = list[:len(list)-1]
		last.last = false
	}
	return slices.Clip(list), last
}

// tagSeparator replaces everything in a tag that is neither a letter nor a digit, so that the
// tokenizer keeps a tag as one word. It is a private-use character, which no word of a text
// contains.
const tagSeparator = "\ue000"

// foldTag returns the word for a tag in the index.
func foldTag(tag string) string {
	var out []string
	for segment := range strings.SplitSeq(tag, "/") {
		var parts []string
		words(segment, func(w word) bool {
			if !w.run || w.last {
				parts = append(parts, w.text)
			} else {
				parts = append(parts, foldWord(segment[w.start:w.first]))
			}
			return true
		})
		if len(parts) > 0 {
			out = append(out, strings.Join(parts, tagSeparator))
		}
	}
	return cutWord(strings.Join(out, tagSeparator+tagSeparator))
}

// isEmpty reports whether the query has no term that a note must match.
func (q query) isEmpty() bool { return len(q.terms) == 0 }

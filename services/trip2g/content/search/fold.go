package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// foldWord maps words that people consider equal to one form: it ignores letter case, accents of
// Latin and Greek letters, the difference between ё and е, and width. It returns "" without a
// letter or digit.
func foldWord(s string) string {
	simple, ascii := true, true
	for i := 0; i < len(s) && simple; {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		ascii = false
		r, size := utf8.DecodeRuneInString(s[i:])
		simple = isSimple(r)
		i += size
	}
	switch {
	case ascii:
		return cutWord(strings.ToLower(s))
	case simple:
		return cutWord(strings.Map(foldSimple, s))
	}
	return cutWord(foldAny(s))
}

// isSimple reports whether only the case of a letter needs folding: most of those of Cyrillic,
// Chinese, Japanese and Korean texts.
func isSimple(r rune) bool {
	return 0x400 <= r && r < 0x460 || 0x4E00 <= r && r < 0xA000 || 0xAC00 <= r && r < 0xD7A4 || 0x3041 <= r && r < 0x3097 || 0x30A1 <= r && r < 0x30FB
}

func foldSimple(r rune) rune {
	switch r = unicode.ToLower(r); r {
	case 'ё':
		return 'е'
	case 'ѐ':
		return 'е'
	}
	return r
}

func foldAny(s string) string {
	var out strings.Builder
	for _, r := range norm.NFKC.String(s) {
		r = foldSimple(r)
		switch {
		case isDropped(r):
		case letters[r] != "":
			out.WriteString(letters[r])
		case r >= 0xC0 && unicode.In(r, unicode.Latin, unicode.Greek):
			base, _ := utf8.DecodeRuneInString(norm.NFD.String(string(r)))
			out.WriteRune(base)
		case unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r):
			out.WriteRune(r)
		}
	}
	return out.String()
}

// letters maps Latin and Greek letters to their usual replacements on keyboards without them.
var letters = map[rune]string{'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'đ': "d", 'ł': "l", 'ı': "i", 'þ': "th", 'ð': "d", 'ς': "σ"}

// isDropped reports whether r is a mark that queries usually omit: an accent, a Hebrew or Arabic
// vowel.
func isDropped(r rune) bool {
	return 0x300 <= r && r < 0x370 || 0x591 <= r && r <= 0x5C7 && unicode.IsMark(r) || r == 0x640 || 0x64B <= r && r <= 0x65F || r == 0x670
}

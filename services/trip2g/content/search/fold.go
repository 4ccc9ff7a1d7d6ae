package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// foldWord makes words equal that readers take for the same: in any letter case, Latin and Greek ones with
// and without accents, Russian ones with ё or е, full and half width. It gives "" for what has no letter
// and no digit.
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

// isSimple tells of letters that are what they are, up to their case: most of those of Cyrillic, Chinese,
// Japanese and Korean texts.
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

// letters are Latin and Greek ones that are written otherwise where a keyboard does not have them.
var letters = map[rune]string{'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'đ': "d", 'ł': "l", 'ı': "i", 'þ': "th", 'ð': "d", 'ς': "σ"}

// isDropped tells of marks that texts have and queries do not: accents, Hebrew and Arabic vowels.
func isDropped(r rune) bool {
	return 0x300 <= r && r < 0x370 || 0x591 <= r && r <= 0x5C7 && unicode.IsMark(r) || r == 0x640 || 0x64B <= r && r <= 0x65F || r == 0x670
}

package trip2g

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// UnifyLineEnds replaces all line ends by line feeds, including the single carriage returns of old
// Mac editors.
func UnifyLineEnds(text string) string {
	if !strings.Contains(text, "\r") {
		return text
	}
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}

// IsPlainText reports whether a text is valid UTF-8 without control characters.
func IsPlainText(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// ReplaceControls returns a text as plain text: a space replaces each control character, and U+FFFD
// each sequence of invalid UTF-8.
func ReplaceControls(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// FoldText returns a text for a search that ignores letter case and Unicode form.
func FoldText(text string) string { return norm.NFC.String(cases.Fold().String(text)) }

// FoldEmail returns an email address as it is stored and compared: in lower case, without
// surrounding spaces.
func FoldEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

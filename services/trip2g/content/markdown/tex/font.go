package tex

import (
	"strings"
	"unicode/utf8"
)

// font is a range of Unicode's Mathematical Alphanumeric Symbols (block U+1D400), which MathML Core
// uses for fonts. 0: letters of that kind have no such form.
type font struct {
	upper, lower, digit rune          // code points of "A", "a" and "0"
	others              map[rune]rune // letters outside of the range
	upright             bool          // usual letters, not slanted
}

var (
	doubleStruck = font{upper: 0x1D538, lower: 0x1D552, digit: 0x1D7D8, others: map[rune]rune{'C': 'ℂ', 'H': 'ℍ', 'N': 'ℕ', 'P': 'ℙ', 'Q': 'ℚ', 'R': 'ℝ', 'Z': 'ℤ'}}
	script       = font{upper: 0x1D49C, lower: 0x1D4B6, others: map[rune]rune{'B': 'ℬ', 'E': 'ℰ', 'F': 'ℱ', 'H': 'ℋ', 'I': 'ℐ', 'L': 'ℒ', 'M': 'ℳ', 'R': 'ℛ', 'e': 'ℯ', 'g': 'ℊ', 'o': 'ℴ'}}
	fraktur      = font{upper: 0x1D504, lower: 0x1D51E, others: map[rune]rune{'C': 'ℭ', 'H': 'ℌ', 'I': 'ℑ', 'R': 'ℜ', 'Z': 'ℨ'}}
	bold         = font{upper: 0x1D400, lower: 0x1D41A, digit: 0x1D7CE}
	boldItalic   = font{upper: 0x1D468, lower: 0x1D482, digit: 0x1D7CE}
	sans         = font{upper: 0x1D5A0, lower: 0x1D5BA, digit: 0x1D7E2}
	monospace    = font{upper: 0x1D670, lower: 0x1D68A, digit: 0x1D7F6}
	upright      = font{upright: true}
	italic       font // the default for letters
)

// greekBold has the code points of the bold Greek letters "Α" and "α".
var greekBold = map[string][2]rune{"mathbf": {0x1D6A8, 0x1D6C2}, "boldsymbol": {0x1D71C, 0x1D736}, "bm": {0x1D71C, 0x1D736}}

// letters returns a text in a font.
func letters(text, name string) string {
	f := namedFont(name)
	return strings.Map(func(r rune) rune {
		switch {
		case f.others[r] != 0:
			return f.others[r]
		case r >= 'A' && r <= 'Z' && f.upper != 0:
			return f.upper + r - 'A'
		case r >= 'a' && r <= 'z' && f.lower != 0:
			return f.lower + r - 'a'
		case r >= '0' && r <= '9' && f.digit != 0:
			return f.digit + r - '0'
		case r >= 'Α' && r <= 'Ω' && greekBold[name][0] != 0:
			return greekBold[name][0] + r - 'Α'
		case r >= 'α' && r <= 'ω' && greekBold[name][1] != 0:
			return greekBold[name][1] + r - 'α'
		}
		return r
	}, text)
}

func namedFont(name string) font {
	if f := fonts[name]; f != nil {
		return *f
	}
	return italic
}

// identifier returns the element of a letter or name. A single letter is slanted unless its font
// differs; capital Greek letters are upright in LaTeX.
func identifier(text, name string) string {
	r, size := utf8.DecodeRuneInString(text)
	if size == len(text) && (namedFont(name).upright || name == "" && r >= 'Α' && r <= 'Ω') {
		return leaf(`mi mathvariant="normal"`, text)
	}
	return leaf("mi", letters(text, name))
}

// Package tex converts LaTeX math to MathML, so that a page shows formulas without a script. It
// supports the most frequent commands of amsmath. A formula with anything else is an error as a
// whole, so that readers never see part of one.
//
// The output is MathML Core (W3C) without links, scripts and styles. The classes math-left and
// math-right align columns, math-box is a box.
package tex

import (
	"errors"
	"fmt"
	"html"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of a formula.
const (
	MaxLength = 8 << 10 // bytes
	maxDepth  = 60      // nesting of groups, environments and arguments
)

// MathML returns the <math> element of a formula without its delimiters. display selects display
// style. An error names the invalid or unknown part.
func MathML(formula string, display bool) (string, error) {
	switch {
	case len(formula) > MaxLength:
		return "", fmt.Errorf("it is longer than %d bytes", MaxLength)
	case !utf8.ValidString(formula):
		return "", errors.New("it is no valid UTF-8")
	case strings.ContainsFunc(formula, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) }):
		return "", errors.New("it has a control character")
	}
	p := &parser{source: formula, tokens: tokenize(formula)}
	content := p.lines()
	if p.err != nil {
		return "", p.err
	}
	if display {
		return `<math display="block">` + content + "</math>", nil
	}
	return "<math>" + content + "</math>", nil
}

// token is a command without its backslash, or one character.
type token struct {
	text       string
	command    bool
	start, end int // bytes of the formula
}

func (t token) is(char string) bool            { return !t.command && t.text == char }
func (t token) isCommand(names ...string) bool { return t.command && slices.Contains(names, t.text) }

// tokenize splits a formula into tokens. It skips white space and comments.
func tokenize(formula string) []token {
	var tokens []token
	for at := 0; at < len(formula); {
		r, size := utf8.DecodeRuneInString(formula[at:])
		end := at + size
		switch {
		case unicode.IsSpace(r):
		case r == '%':
			if end = at + strings.IndexByte(formula[at:], '\n') + 1; end == at {
				end = len(formula)
			}
		case r == '\\' && end < len(formula):
			end += commandLength(formula[end:])
			tokens = append(tokens, token{formula[at+1 : end], true, at, end})
		default:
			tokens = append(tokens, token{formula[at:end], false, at, end})
		}
		at = end
	}
	return tokens
}

// commandLength returns the length of the command at the start of a text: letters, or one other
// character.
func commandLength(text string) int {
	n := 0
	for n < len(text) && (text[n]|0x20) >= 'a' && (text[n]|0x20) <= 'z' {
		n++
	}
	if n == 0 {
		_, n = utf8.DecodeRuneInString(text)
	}
	return n
}

// parser reads the tokens of one formula. After its first error it is at the end.
type parser struct {
	source string
	tokens []token
	at     int
	depth  int
	font   string // of letters and digits: a key of fonts, "" for the default
	err    error
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
	p.at = len(p.tokens)
}

// deeper counts the nesting; the returned function ends a level.
func (p *parser) deeper() (end func()) {
	p.depth++
	if p.depth > maxDepth {
		p.fail("its parts lie more than %d deep in each other", maxDepth)
	}
	font := p.font
	return func() { p.depth, p.font = p.depth-1, font }
}

// peek returns the next token, one without text at the end.
func (p *parser) peek() token {
	if p.at >= len(p.tokens) {
		return token{start: len(p.source), end: len(p.source)}
	}
	return p.tokens[p.at]
}

func (p *parser) next() token {
	t := p.peek()
	p.at++
	return t
}

func (p *parser) atEnd() bool { return p.at >= len(p.tokens) }

// take skips the next token if it is that character.
func (p *parser) take(char string) bool {
	if p.atEnd() || !p.peek().is(char) {
		return false
	}
	p.at++
	return true
}

// rawArgument returns an unparsed argument without its braces.
func (p *parser) rawArgument() string {
	if !p.take("{") {
		if p.atEnd() {
			p.fail("an argument is missing at its end")
		}
		return p.next().text
	}
	start := p.tokens[p.at-1].end
	for open := 1; !p.atEnd(); {
		switch t := p.next(); {
		case t.is("{"):
			open++
		case t.is("}"):
			if open--; open == 0 {
				return p.source[start:t.start]
			}
		}
	}
	p.fail("a { has no }")
	return ""
}

// element returns an element with MathML content.
func element(tag, content string) string { return "<" + tag + ">" + content + "</" + tag + ">" }

// leaf returns an element with a text. tag can have attributes.
func leaf(tag, text string) string {
	name, _, _ := strings.Cut(tag, " ")
	return "<" + tag + ">" + html.EscapeString(text) + "</" + name + ">"
}

// row returns a single element for several.
func row(children []string) string {
	if len(children) == 1 {
		return children[0]
	}
	return element("mrow", strings.Join(children, ""))
}

func space(width string) string { return `<mspace width="` + width + `"></mspace>` }

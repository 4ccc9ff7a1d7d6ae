package tex

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// atom is an element to which scripts can be attached.
type atom struct {
	mathML   string
	limits   bool // scripts are below and above
	function bool // a name such as sin, with space after it
}

// lines parses a whole formula. Several lines become a table.
func (p *parser) lines() string {
	rows := p.rows(func(token) bool { return false })
	if !p.atEnd() {
		p.fail("it has a } without its {")
	}
	if len(rows) == 1 && len(rows[0]) == 1 {
		return rows[0][0]
	}
	return table(rows, alternate)
}

// row parses up to a token for which stop returns true, a "}" or the end.
func (p *parser) row(stop func(token) bool) []string {
	children := []string{}
	for !p.atEnd() && !p.peek().is("}") && !stop(p.peek()) {
		t := p.peek()
		switch {
		case t.isCommand("over", "atop", "choose"):
			p.next()
			return []string{fraction(t.text, row(children), row(p.row(stop)))}
		case t.command && switches[t.text] != "":
			p.next()
			return append(children, "<mstyle "+switches[t.text]+">"+strings.Join(p.row(stop), "")+"</mstyle>")
		case t.command && fontSwitches[t.text] != "":
			p.next()
			p.font = fontSwitches[t.text]
		case t.isCommand("color"):
			p.next()
			color := p.color()
			return append(children, `<mstyle mathcolor="`+color+`">`+strings.Join(p.row(stop), "")+"</mstyle>")
		default:
			children = append(children, p.scripted())
		}
	}
	return children
}

// group parses an argument: a group in braces or one token.
func (p *parser) group() string {
	defer p.deeper()()
	if !p.take("{") {
		return p.atom(true).mathML
	}
	children := p.row(func(token) bool { return false })
	p.close("}")
	return row(children)
}

func (p *parser) close(char string) {
	if !p.take(char) {
		p.fail("a %s is missing", char)
	}
}

// optional parses an argument in brackets; ok is false if there is none.
func (p *parser) optional() (mathML string, ok bool) {
	if !p.take("[") {
		return "", false
	}
	children := p.row(func(t token) bool { return t.is("]") })
	p.close("]")
	return row(children), true
}

// scripted parses an atom with its scripts.
func (p *parser) scripted() string {
	var base atom
	if t := p.peek(); t.is("^") || t.is("_") || t.is("'") {
		base.mathML = "<mrow></mrow>"
	} else {
		base = p.atom(false)
	}
	var below, above []string
	for !p.atEnd() {
		switch t := p.peek(); {
		case t.isCommand("limits", "nolimits"):
			p.next()
			base.limits = t.text == "limits"
		case t.is("_"):
			p.next()
			below = p.script(below, "subscripts")
		case t.is("^"):
			p.next()
			above = p.script(above, "superscripts")
		case t.is("'"):
			above = append(above, p.primes())
		default:
			return p.attach(base, below, above)
		}
	}
	return p.attach(base, below, above)
}

// script parses one script, before which only primes are allowed.
func (p *parser) script(before []string, name string) []string {
	if len(before) > 0 && !strings.Contains(before[len(before)-1], "′") {
		p.fail("one part of it has two %s", name)
	}
	return append(before, p.group())
}

func (p *parser) primes() string {
	n := 0
	for p.take("'") {
		n++
	}
	return leaf("mo", strings.Repeat("′", n))
}

// attach returns the element of a base and its scripts.
func (p *parser) attach(base atom, below, above []string) string {
	sub, super, both := "msub", "msup", "msubsup"
	if base.limits {
		sub, super, both = "munder", "mover", "munderover"
	}
	made := base.mathML
	switch {
	case below != nil && above != nil:
		made = element(both, made+row(below)+row(above))
	case below != nil:
		made = element(sub, made+row(below))
	case above != nil:
		made = element(super, made+row(above))
	}
	if base.function && p.standsOff(p.peek()) {
		made += space("0.17em")
	}
	return made
}

// standsOff reports whether a function's name needs a space before a token.
func (p *parser) standsOff(t token) bool {
	if t.command {
		return identifiers[t.text] != "" || functions[t.text] || t.isCommand("frac", "sqrt")
	}
	r, _ := utf8.DecodeRuneInString(t.text)
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

// atom parses one part of a formula. As an argument, a number is one digit.
func (p *parser) atom(argument bool) atom {
	if p.atEnd() {
		p.fail("something is missing at its end")
		return atom{}
	}
	t := p.next()
	if t.command {
		return p.command(t.text)
	}
	r, _ := utf8.DecodeRuneInString(t.text)
	switch {
	case t.is("{"):
		p.at--
		return atom{mathML: p.group()}
	case t.is("}") || t.is("^") || t.is("_") || t.is("&") || t.is("#") || t.is("$") || t.is("\\"):
		p.fail("it has a %s where none can be", t.text)
	case t.is("~"):
		return atom{mathML: space("0.33em")}
	case unicode.IsDigit(r):
		return atom{mathML: leaf("mn", letters(p.number(t.text, argument), p.font))}
	case unicode.IsLetter(r):
		return atom{mathML: identifier(t.text, p.font)}
	case strings.Contains("()[]|/", t.text):
		return atom{mathML: leaf(`mo stretchy="false"`, t.text)}
	}
	if better := characters[t.text]; better != "" {
		return atom{mathML: leaf("mo", better)}
	}
	return atom{mathML: leaf("mo", t.text)}
}

// number returns a number that starts with a digit.
func (p *parser) number(digit string, argument bool) string {
	var b strings.Builder
	b.WriteString(digit)
	for !argument && !p.atEnd() {
		t := p.peek()
		point := t.is(".") && p.at+1 < len(p.tokens) && isDigit(p.tokens[p.at+1])
		if !isDigit(t) && !point || t.start != p.tokens[p.at-1].end {
			break
		}
		b.WriteString(t.text)
		p.next()
	}
	return b.String()
}

func isDigit(t token) bool {
	return !t.command && len(t.text) == 1 && t.text[0] >= '0' && t.text[0] <= '9'
}

// characters maps keyboard characters to typographic ones.
var characters = map[string]string{"-": "−", "*": "∗", "`": "‘"}

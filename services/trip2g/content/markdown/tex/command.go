package tex

import (
	"regexp"
	"strings"
)

// command parses the arguments of a command and returns its MathML.
func (p *parser) command(name string) atom {
	defer p.deeper()()
	switch {
	case identifiers[name] != "":
		return atom{mathML: identifier(identifiers[name], p.font)}
	case operators[name] != "":
		return atom{mathML: leaf("mo", operators[name])}
	case fences[name] != "":
		return atom{mathML: leaf(`mo stretchy="false"`, fences[name])}
	case sums[name] != "":
		return atom{mathML: leaf("mo", sums[name]), limits: true}
	case integrals[name] != "":
		return atom{mathML: leaf("mo", integrals[name])}
	case limitFunctions[name] != "":
		return atom{mathML: leaf(limitOperator, limitFunctions[name]), limits: true}
	case functions[name]:
		return atom{mathML: leaf("mi", name), function: true}
	case spaces[name] != "":
		return atom{mathML: space(spaces[name])}
	case accents[name] != "":
		return atom{mathML: `<mover accent="true">` + p.group() + leaf(`mo stretchy="false"`, accents[name]) + "</mover>"}
	case over[name] != "":
		return atom{mathML: element("mover", p.group()+leaf(`mo stretchy="true"`, over[name])), limits: name == "overbrace"}
	case under[name] != "":
		return atom{mathML: element("munder", p.group()+leaf(`mo stretchy="true"`, under[name])), limits: name == "underbrace"}
	case arrows[name] != "":
		return atom{mathML: p.arrow(arrows[name])}
	case fonts[name] != nil:
		return p.inFont(name)
	case texts[name]:
		return atom{mathML: leaf("mtext", textOf(p.rawArgument()))}
	case sizes[name] != "":
		return atom{mathML: leaf(`mo minsize="`+sizes[name]+`" maxsize="`+sizes[name]+`"`, p.delimiter())}
	case strings.HasSuffix(name, "frac") || strings.HasSuffix(name, "binom"):
		return p.fractionCommand(name)
	}
	return p.structure(name)
}

// limitOperator is the tag of a function's name whose script is below it in display math.
const limitOperator = `mo movablelimits="true" lspace="0" rspace="0.17em"`

// structure parses commands that have special syntax.
func (p *parser) structure(name string) atom {
	switch name {
	case "sqrt":
		if degree, ok := p.optional(); ok {
			return atom{mathML: element("mroot", p.group()+degree)}
		}
		return atom{mathML: element("msqrt", p.group())}
	case "left":
		return atom{mathML: p.fenced()}
	case "middle":
		return atom{mathML: leaf(`mo fence="true" stretchy="true"`, p.delimiter())}
	case "begin":
		return atom{mathML: p.environment()}
	case "substack":
		p.close("{")
		rows := p.rows(func(token) bool { return false })
		p.close("}")
		return atom{mathML: table(rows, centered)}
	case "overset", "stackrel":
		script := p.group()
		return atom{mathML: element("mover", p.group()+script)}
	case "underset":
		script := p.group()
		return atom{mathML: element("munder", p.group()+script)}
	case "operatorname":
		if p.take("*") {
			return atom{mathML: leaf(limitOperator, textOf(p.rawArgument())), limits: true}
		}
		return atom{mathML: leaf(`mi mathvariant="normal"`, textOf(p.rawArgument())), function: true}
	case "not":
		return atom{mathML: strings.Replace(p.atom(true).mathML, "</mo>", "\u0338</mo>", 1)}
	case "pmod":
		return atom{mathML: space("1em") + leaf(`mo stretchy="false"`, "(") + leaf("mi", "mod") + space("0.33em") + p.group() + leaf(`mo stretchy="false"`, ")")}
	case "bmod":
		return atom{mathML: leaf("mo", "mod")}
	case "phantom":
		return atom{mathML: element("mphantom", p.group())}
	case "boxed":
		return atom{mathML: `<mrow class="math-box">` + p.group() + "</mrow>"}
	case "textcolor":
		color := p.color()
		return atom{mathML: `<mstyle mathcolor="` + color + `">` + p.group() + "</mstyle>"}
	case "tag":
		return atom{mathML: space("2em") + leaf("mtext", "("+textOf(p.rawArgument())+")")}
	case "label":
		p.rawArgument()
		return atom{}
	case "nonumber", "notag", "hline":
		return atom{}
	}
	p.fail(`\%s is not known`, name)
	return atom{}
}

// inFont parses an argument with a font for its letters and digits.
func (p *parser) inFont(name string) atom {
	start := p.at
	if text := p.rawArgument(); fonts[name].upright && isWord(text) {
		return atom{mathML: identifier(text, name)}
	}
	if p.err == nil {
		p.at = start
	}
	p.font = name
	return atom{mathML: p.group()}
}

var word = regexp.MustCompile(`^\pL+$`)

func isWord(text string) bool { return word.MatchString(text) }

// fractionCommand parses the commands for fractions and binomial coefficients.
func (p *parser) fractionCommand(name string) atom {
	kind := strings.TrimLeft(name, "dtc")
	if kind != "frac" && kind != "binom" || len(name)-len(kind) > 1 {
		p.fail(`\%s is not known`, name)
		return atom{}
	}
	made := fraction(kind, p.group(), p.group())
	switch name[0] {
	case 'd', 'c':
		made = `<mstyle displaystyle="true" scriptlevel="0">` + made + "</mstyle>"
	case 't':
		made = `<mstyle displaystyle="false" scriptlevel="0">` + made + "</mstyle>"
	}
	return atom{mathML: made}
}

// fraction returns the MathML of \frac, \binom and their old forms within a group.
func fraction(kind, above, below string) string {
	switch kind {
	case "binom", "choose":
		return element("mrow", leaf("mo", "(")+`<mfrac linethickness="0">`+above+below+"</mfrac>"+leaf("mo", ")"))
	case "atop":
		return `<mfrac linethickness="0">` + above + below + "</mfrac>"
	}
	return element("mfrac", above+below)
}

// fenced parses the content between \left and \right.
func (p *parser) fenced() string {
	left := p.delimiter()
	content := p.row(func(t token) bool { return t.isCommand("right") })
	if !p.next().isCommand("right") {
		p.fail(`a \left has no \right`)
	}
	return element("mrow", fence("prefix", left)+strings.Join(content, "")+fence("postfix", p.delimiter()))
}

func fence(form, delimiter string) string {
	if delimiter == "" {
		return ""
	}
	return leaf(`mo fence="true" stretchy="true" form="`+form+`"`, delimiter)
}

// delimiter parses a delimiter; "." is an empty one.
func (p *parser) delimiter() string {
	t := p.next()
	switch {
	case t.is("."):
		return ""
	case t.is("<"):
		return "⟨"
	case t.is(">"):
		return "⟩"
	case !t.command && t.text != "" && strings.Contains("()[]|/", t.text):
		return t.text
	case t.command && fences[t.text] != "":
		return fences[t.text]
	case t.command && strings.HasSuffix(t.text, "arrow") && operators[t.text] != "":
		return operators[t.text]
	}
	p.fail("%q is no delimiter", t.text)
	return ""
}

// arrow parses the text above an arrow and, in brackets, below it.
func (p *parser) arrow(arrow string) string {
	below, ok := p.optional()
	made := leaf(`mo stretchy="true"`, arrow)
	above := p.group()
	if ok {
		return element("munderover", made+below+above)
	}
	return element("mover", made+above)
}

var colorPattern = regexp.MustCompile(`^(#[0-9A-Fa-f]{3}|#[0-9A-Fa-f]{6}|[A-Za-z]{1,20})$`)

func (p *parser) color() string {
	color := strings.TrimSpace(p.rawArgument())
	if !colorPattern.MatchString(color) {
		p.fail("%q is no colour", color)
		return ""
	}
	return color
}

// escapes are the characters with a backslash in the texts of formulas.
var escapes = strings.NewReplacer(`\{`, "{", `\}`, "}", `\$`, "$", `\%`, "%", `\&`, "&", `\#`, "#", `\_`, "_", `\ `, " ", "~", "\u00a0")

// textOf returns a text without escapes. It keeps outer spaces.
func textOf(raw string) string {
	text := strings.Join(strings.Fields(raw), " ")
	if strings.TrimLeft(raw, " \t\n") != raw {
		text = "\u00a0" + text
	}
	if strings.TrimRight(raw, " \t\n") != raw {
		text += "\u00a0"
	}
	return escapes.Replace(text)
}

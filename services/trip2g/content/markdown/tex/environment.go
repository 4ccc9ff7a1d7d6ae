package tex

import "strings"

// columns returns the alignment of a table's column, from 0: "left", "right", or "" for centered.
type columns func(i int) string

func centered(int) string { return "" }
func leftward(int) string { return "left" }

// alternate aligns equations at "&": the part before it is right-aligned.
func alternate(i int) string {
	if i%2 == 0 {
		return "right"
	}
	return "left"
}

// environments are LaTeX's named tables.
var environments = map[string]struct {
	columns     columns
	left, right string
	display     bool // cells are in display style
}{
	"matrix": {columns: centered}, "smallmatrix": {columns: centered}, "array": {columns: centered},
	"pmatrix": {columns: centered, left: "(", right: ")"}, "bmatrix": {columns: centered, left: "[", right: "]"},
	"Bmatrix": {columns: centered, left: "{", right: "}"}, "vmatrix": {columns: centered, left: "|", right: "|"},
	"Vmatrix": {columns: centered, left: "‖", right: "‖"},
	"cases":   {columns: leftward, left: "{"}, "rcases": {columns: leftward, right: "}"},
	"aligned": {columns: alternate, display: true}, "align": {columns: alternate, display: true},
	"split": {columns: alternate, display: true}, "eqnarray": {columns: alternate, display: true},
	"gathered": {columns: centered, display: true}, "gather": {columns: centered, display: true},
	"equation": {columns: centered, display: true}, "multline": {columns: centered, display: true},
}

// environment parses the content from after \begin to its \end.
func (p *parser) environment() string {
	name := p.rawArgument()
	kind, ok := environments[strings.TrimSuffix(name, "*")]
	if !ok {
		p.fail(`\begin{%s} is not known`, name)
		return ""
	}
	if name == "array" {
		kind.columns = declared(p.rawArgument())
	}
	rows := p.rows(func(t token) bool { return t.isCommand("end") })
	if !p.next().isCommand("end") || p.rawArgument() != name {
		p.fail(`\begin{%s} has no \end`, name)
	}
	made := table(rows, kind.columns)
	if kind.display {
		made = `<mstyle displaystyle="true">` + made + "</mstyle>"
	}
	if kind.left == "" && kind.right == "" {
		return made
	}
	return element("mrow", fence("prefix", kind.left)+made+fence("postfix", kind.right))
}

// rows parses rows of cells up to a token for which stop returns true.
func (p *parser) rows(stop func(token) bool) [][]string {
	rows := [][]string{{}}
	for {
		cell := p.row(func(t token) bool { return t.is("&") || t.isCommand(`\`, "cr") || stop(t) })
		last := len(rows) - 1
		rows[last] = append(rows[last], row(cell))
		switch {
		case p.take("&"):
		case !p.atEnd() && p.peek().isCommand(`\`, "cr"):
			p.next()
			if p.take("[") { // extra space, which is ignored
				for !p.atEnd() && !p.next().is("]") {
				}
			}
			if p.atEnd() || stop(p.peek()) {
				return rows
			}
			rows = append(rows, nil)
		default:
			return rows
		}
	}
}

// declared parses the column specification of an array, such as "lcr".
func declared(spec string) columns {
	letters := strings.Map(func(r rune) rune {
		if strings.ContainsRune("lcr", r) {
			return r
		}
		return -1
	}, spec)
	return func(i int) string {
		switch {
		case i < len(letters) && letters[i] == 'l':
			return "left"
		case i < len(letters) && letters[i] == 'r':
			return "right"
		}
		return ""
	}
}

func table(rows [][]string, align columns) string {
	var b strings.Builder
	b.WriteString("<mtable>")
	for _, cells := range rows {
		b.WriteString("<mtr>")
		for i, cell := range cells {
			if side := align(i); side != "" {
				b.WriteString(`<mtd class="math-` + side + `">` + cell + "</mtd>")
			} else {
				b.WriteString(element("mtd", cell))
			}
		}
		b.WriteString("</mtr>")
	}
	b.WriteString("</mtable>")
	return b.String()
}

package vault

import (
	"fmt"
	"math/rand/v2"
	"path"
	"strings"
)

// writer writes one note.
type writer struct {
	*rand.Rand
	strings.Builder
	vault  *Vault
	script script
}

// note writes a note of about size bytes: it ends with the block that reaches the size.
func (w *writer) note(title string, size int) {
	if w.IntN(10) < 3 {
		w.frontmatter()
	}
	if w.IntN(2) == 0 {
		fmt.Fprintf(w, "# %s\n\n", title)
	}
	for w.Len() < size {
		w.block()
	}
}

func (w *writer) frontmatter() {
	w.WriteString("---\n")
	if w.IntN(2) == 0 {
		fmt.Fprintf(w, "aliases: [%q, %q]\n", title(w.Rand, w.script), title(w.Rand, w.script))
	}
	fmt.Fprintf(w, "tags:\n  - %s\n  - %s\n", w.tag(), w.tag())
	fmt.Fprintf(w, "created: 20%02d-%02d-%02d\n---\n\n", 10+w.IntN(16), 1+w.IntN(12), 1+w.IntN(28))
}

// block writes a paragraph or, sometimes, another kind of block.
func (w *writer) block() {
	switch n := w.IntN(100); {
	case n < 66:
		w.paragraph()
	case n < 76:
		fmt.Fprintf(w, "%s %s\n\n", strings.Repeat("#", 2+w.IntN(2)), title(w.Rand, w.script))
	case n < 88:
		w.list()
	case n < 92:
		w.code()
	case n < 95:
		w.table()
	case n < 98:
		fmt.Fprintf(w, "> %s\n\n", w.sentence())
	default:
		fmt.Fprintf(w, "![[%s]]\n\n", w.target())
	}
}

func (w *writer) paragraph() {
	for range 2 + w.IntN(5) {
		w.WriteString(w.sentence())
	}
	switch w.IntN(12) {
	case 0:
		fmt.Fprintf(w, " #%s", w.tag())
	case 1:
		fmt.Fprintf(w, " https://example.com/%d", w.IntN(1000))
	}
	w.WriteString("\n\n")
}

// sentence returns six to seventeen words, of which one may be a link, bold, or code.
func (w *writer) sentence() string {
	words := make([]string, 6+w.IntN(12))
	for i := range words {
		words[i] = w.script.word(w.Rand)
	}
	at := w.IntN(len(words))
	switch w.IntN(10) {
	case 0, 1:
		words[at] = w.link()
	case 2:
		words[at] = "**" + words[at] + "**"
	case 3:
		words[at] = "`" + words[at] + "`"
	}
	return capitalized(strings.Join(words, w.script.space)) + w.script.stop
}

// link returns a wikilink in one of its forms, sometimes to a note that does not exist.
func (w *writer) link() string {
	switch target := w.target(); w.IntN(8) {
	case 0:
		return fmt.Sprintf("[[%s|%s]]", target, w.script.word(w.Rand))
	case 1:
		return fmt.Sprintf("[[%s#%s]]", target, title(w.Rand, w.script))
	case 2:
		return "[[" + title(w.Rand, w.script) + " not written yet]]"
	default:
		return "[[" + target + "]]"
	}
}

// target chooses a note to link to, by Zipf's law: a few notes have most of the links. OnePage has
// none, because its page would list the notes that link to it.
func (w *writer) target() string {
	const exponent = 1.1
	i := int(rand.NewZipf(w.Rand, exponent, 1, uint64(w.vault.Len()-2)).Uint64())
	if i >= onePageAt {
		i++
	}
	return name(w.vault.Path(i))
}

func (w *writer) list() {
	marker := []string{"- ", "1. ", "- [ ] "}[w.IntN(3)]
	for range 2 + w.IntN(6) {
		fmt.Fprintf(w, "%s%s\n", marker, w.sentence())
	}
	w.WriteString("\n")
}

func (w *writer) code() {
	w.WriteString("```go\n")
	for i := range 2 + w.IntN(8) {
		fmt.Fprintf(w, "value%d := measure(%q, %d)\n", i, w.script.word(w.Rand), w.IntN(1000))
	}
	w.WriteString("```\n\n")
}

func (w *writer) table() {
	fmt.Fprintf(w, "| %s | %s |\n| --- | ---: |\n", w.script.word(w.Rand), w.script.word(w.Rand))
	for range 2 + w.IntN(8) {
		fmt.Fprintf(w, "| %s | %d |\n", w.script.word(w.Rand), w.IntN(10_000))
	}
	w.WriteString("\n")
}

func (w *writer) image(i int) {
	if w.IntN(2) == 0 {
		fmt.Fprintf(w, "![[%s]]\n", path.Base(imagePath(i)))
		return
	}
	fmt.Fprintf(w, "![%s](</%s>)\n", w.script.word(w.Rand), imagePath(i))
}

func (w *writer) tag() string { return tags[w.IntN(len(tags))] }

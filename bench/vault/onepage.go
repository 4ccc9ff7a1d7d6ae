package vault

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// onePageSize is the size of the text of a page of 28 KB, in bytes; the rest is markup and the
// layout.
const onePageSize = 21_200

// onePageAt is the index of OnePage.
const onePageAt = 1

// onePage writes the note at OnePage. It is the same in every vault, links to nothing, and nothing
// links to it, so that its page is also the same.
func onePage() string {
	r := rand.New(rand.NewPCG(28, 28))
	var b strings.Builder
	b.WriteString("# One page\n\n")
	for i := 1; b.Len() < onePageSize; i++ {
		if i%5 == 0 {
			fmt.Fprintf(&b, "## Part %d\n\n", i/5)
		}
		for range 4 {
			w := writer{Rand: r, script: scripts[latin]}
			words := make([]string, 14)
			for j := range words {
				words[j] = w.script.word(r)
			}
			b.WriteString(capitalized(strings.Join(words, " ")) + ". ")
		}
		b.WriteString("\n\n")
	}
	return b.String()
}

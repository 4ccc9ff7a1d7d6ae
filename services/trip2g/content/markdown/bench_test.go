package markdown_test

import (
	"strings"
	"testing"

	"trip2g/services/trip2g/content/markdown"
)

// usualNote is a typical note of 1.5 KB, without Obsidian's syntax.
var usualNote = "---\ntitle: Usual\ntags: [a, b]\n---\n# Usual\n\n" +
	strings.Repeat("Some *text* with a [link](b.md), `code`, [[note|a note]] and **more** of it, up to here.\n", 5) +
	"\n## Lists\n\n" + strings.Repeat("- an item with [[note]]\n- [ ] a *task*\n", 4) +
	"\n## A table\n\n|a|b|c|\n|-|-|-|\n" + strings.Repeat("|[[note]]|`x`|*y*|\n", 6) +
	"\n```go\nfunc main() {\n\tfmt.Println(\"hello\", 42)\n}\n```\n\n> A quote\n> of two lines\n\n" +
	strings.Repeat("The last words, which say nothing at all, but at some length.\n", 5)

// BenchmarkParse measures the cost per note of loading a site.
func BenchmarkParse(b *testing.B) {
	b.SetBytes(int64(len(usualNote)))
	b.ReportAllocs()
	for b.Loop() {
		markdown.Parse("folder/n.md", usualNote)
	}
}

// BenchmarkRender measures the first request for a page.
func BenchmarkRender(b *testing.B) {
	doc := markdown.Parse("folder/n.md", usualNote)
	b.SetBytes(int64(len(usualNote)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := markdown.Render(doc, someVault); err != nil {
			b.Fatal(err)
		}
	}
}

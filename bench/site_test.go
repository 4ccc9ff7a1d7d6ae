package main

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"trip2g/bench/vault"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/content/site"
)

// prepared returns a whole vault first, then one change after another.
type prepared struct {
	head   trip2g.Position
	vault  []trip2g.Note
	change trip2g.Note
}

func (p *prepared) Changes(_ context.Context, after trip2g.Position, limit int) (trip2g.ChangeSet, error) {
	set := trip2g.ChangeSet{SiteAccess: trip2g.AccessEveryone, DatabaseID: "x", Head: p.head, Position: p.head, ChangedAt: time.Unix(1_700_000_000, 0)}
	if size := trip2g.Position(len(p.vault)); after < size {
		set.Position = min(after+trip2g.Position(limit), size)
		set.Notes = p.vault[after:set.Position]
	} else {
		set.Notes = []trip2g.Note{p.change}
	}
	return set, nil
}

func newPrepared(notes int) *prepared {
	p := &prepared{head: trip2g.Position(notes)}
	v := vault.Generate(1, notes)
	for i := range notes {
		n := v.Note(i)
		p.vault = append(p.vault, trip2g.Note{ID: int64(i + 1), Path: n.Path, Content: string(n.Content), Hash: fmt.Sprint(i)})
	}
	return p
}

func loadSite(b *testing.B, p *prepared) *site.Follower {
	f := site.NewFollower(p, site.Options{Parse: markdown.Parse, Render: markdown.Render, Log: zerolog.Nop()})
	if _, err := f.Refresh(b.Context()); err != nil {
		b.Fatal(err)
	}
	return f
}

// BenchmarkChange measures the time from a change in the database until the site has it.
func BenchmarkChange(b *testing.B) {
	const text = "# A note\n\nSome *text* with a [[link]].\n"
	changes := map[string]func(i int) (path, content string){
		"text":   func(i int) (string, string) { return "folder/note.md", text + fmt.Sprint(i) },
		"title":  func(i int) (string, string) { return "folder/note.md", fmt.Sprint("# ", i, "\n\n", text) },
		"rename": func(i int) (string, string) { return fmt.Sprint("folder/note ", i, ".md"), text },
	}
	for _, notes := range []int{100, 10_000, 100_000} {
		source := newPrepared(notes)
		for _, name := range []string{"text", "title", "rename"} {
			f := loadSite(b, source)
			i := 0
			b.Run(fmt.Sprintf("%s/notes=%d", name, notes), func(b *testing.B) {
				b.ReportAllocs()
				runtime.GC() // the garbage of loading is not part of a change
				for b.Loop() {
					i++
					path, content := changes[name](i)
					source.head++
					source.change = trip2g.Note{ID: int64(notes + 1), Path: path, Content: content, Hash: fmt.Sprint("c", i, path)}
					if _, err := f.Refresh(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
			})
			source.head = trip2g.Position(notes)
		}
	}
}

// BenchmarkPage measures finding a page and its rendered body.
func BenchmarkPage(b *testing.B) {
	for _, notes := range []int{1_000, 10_000} {
		v := vault.Generate(1, notes)
		f := loadSite(b, newPrepared(notes))
		s := f.Current()
		var urls []string
		for i := range 1_000 {
			urls = append(urls, v.URL(i))
			page, _ := s.Page(urls[i], trip2g.Anonymous)
			page.Body(trip2g.Gzip)
		}
		b.Run(fmt.Sprintf("notes=%d", notes), func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i = (i + 7) % len(urls) {
					page, _ := s.Page(urls[i], trip2g.Anonymous)
					if page.Body(trip2g.Gzip).Coding != trip2g.Gzip {
						b.Error("the page is not compressed")
					}
				}
			})
		})
	}
}

// BenchmarkLoad measures the time from an empty node to a site, parsing included.
func BenchmarkLoad(b *testing.B) {
	for _, notes := range []int{1_000, 10_000, 100_000} {
		source := newPrepared(notes)
		b.Run(fmt.Sprintf("notes=%d", notes), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				loadSite(b, source)
			}
		})
	}
}

package notefeed

import (
	"fmt"
	"strings"
	"testing"

	"trip2g/services/trip2g"
)

func changeOf(path, content string) trip2g.NoteChange {
	return trip2g.NoteChange{Note: trip2g.PublishedNote{Note: trip2g.Note{Path: path, Content: content}}}
}

func TestPatternsPickNotesByTheirPaths(t *testing.T) {
	changes := []trip2g.NoteChange{changeOf("a.md", ""), changeOf("b/c.md", ""), changeOf("b/d/e.md", ""), changeOf("b/d/f.html", "")}
	for name, tt := range map[string]struct {
		include, exclude []string
		want             string
	}{
		"no patterns":      {nil, nil, "a.md b/c.md b/d/e.md b/d/f.html"},
		"everything":       {[]string{"**"}, nil, "a.md b/c.md b/d/e.md b/d/f.html"},
		"one folder":       {[]string{"*"}, nil, "a.md"},
		"a folder's notes": {[]string{"b/*"}, nil, "b/c.md"},
		"all below":        {[]string{"b/**"}, nil, "b/c.md b/d/e.md b/d/f.html"},
		"a plain path":     {[]string{"b/c.md"}, nil, "b/c.md"},
		"by ending":        {[]string{"**/*.{html,txt}"}, nil, "b/d/f.html"},
		"exclude wins":     {[]string{"**"}, []string{"b/d/**"}, "a.md b/c.md"},
		"only exclude":     {nil, []string{"**/*.md"}, "b/d/f.html"},
	} {
		var got []string
		for _, c := range pick(changes, trip2g.NoteChangeFilter{Include: tt.include, Exclude: tt.exclude}) {
			got = append(got, c.Note.Path)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: got %v, want %s", name, got, tt.want)
		}
	}
}

func TestASlowSubscriberIsEndedAndOthersAreNot(t *testing.T) {
	f := New()
	slow, err := f.Subscribe(t.Context(), trip2g.NoteChangeFilter{})
	if err != nil {
		t.Fatal(err)
	}
	quick, err := f.Subscribe(t.Context(), trip2g.NoteChangeFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range maxPendingSites + 10 {
		f.Observe(trip2g.SiteChange{Changes: []trip2g.NoteChange{changeOf(fmt.Sprint(i), "")}})
		if got := <-quick; len(got) != 1 || got[0].Note.Path != fmt.Sprint(i) {
			t.Fatalf("change %d is told as %v", i, got)
		}
	}
	told := 0
	for range slow {
		told++
	}
	if told > 1 {
		t.Errorf("the slow one was told %d changes after it was ended", told)
	}
}

func TestASiteThatIsLoadedAnewEndsSubscriptions(t *testing.T) {
	f := New()
	changes, err := f.Subscribe(t.Context(), trip2g.NoteChangeFilter{})
	if err != nil {
		t.Fatal(err)
	}
	f.Observe(trip2g.SiteChange{Reloaded: true})
	if _, more := <-changes; more {
		t.Error("it goes on")
	}
}

func TestThereAreOnlySoManySubscribers(t *testing.T) {
	f := New()
	for i := range MaxSubscribers {
		if _, err := f.Subscribe(t.Context(), trip2g.NoteChangeFilter{}); err != nil {
			t.Fatalf("subscriber %d: %v", i, err)
		}
	}
	if _, err := f.Subscribe(t.Context(), trip2g.NoteChangeFilter{}); trip2g.ErrorCode(err) != trip2g.EUNAVAILABLE {
		t.Errorf("one more: %v", err)
	}
	f.End()
	if _, err := f.Subscribe(t.Context(), trip2g.NoteChangeFilter{}); trip2g.ErrorCode(err) != trip2g.EUNAVAILABLE {
		t.Errorf("when the node stops: %v", err)
	}
}

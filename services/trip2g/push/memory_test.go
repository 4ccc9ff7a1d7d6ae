package push_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/client"
	"trip2g/services/trip2g/push"
)

// TestWhatIsRememberedIsNotAskedAgain pushes a folder again and again, as a watch does: the server is
// asked what it has once, a push without a change asks it nothing, and each change arrives.
func TestWhatIsRememberedIsNotAskedAgain(t *testing.T) {
	s := start(t)
	memory := &push.Memory{}
	remembering := func(o *push.Options, _ *client.Options) { o.Memory, o.Delete = memory, true }
	asked := map[string]int{}
	s.interfere(func(operation string, _ http.ResponseWriter, _ *http.Request) { asked[operation]++ }, nil)
	dir := folder(t, map[string]string{"a.md": "![[a.png]]", "b.md": "b"})
	write(t, dir, "a.png", "pixels")
	s.mustPush(dir, remembering)
	for _, step := range []struct {
		change  func()
		summary push.Summary
	}{
		{func() {}, push.Summary{Unchanged: 2}},
		{func() { write(t, dir, "b.md", "better") }, push.Summary{Sent: []string{"b.md"}, Unchanged: 1}},
		{func() { write(t, dir, "a.png", "other pixels") }, push.Summary{Files: []string{"a.png"}, Unchanged: 2}},
		{func() { write(t, dir, "c.md", "![[a.png]]") }, push.Summary{Sent: []string{"c.md"}, Files: []string{"a.png"}, Unchanged: 2}},
		{func() { remove(t, dir, "b.md") }, push.Summary{Hidden: []string{"b.md"}, Unchanged: 2}},
		{func() {}, push.Summary{Unchanged: 2}},
	} {
		step.change()
		before := s.mutations.Load()
		summary, _ := s.mustPush(dir, remembering)
		summary.Position = 0
		if diff := cmp.Diff(step.summary, summary); diff != "" {
			t.Error(diff)
		}
		if !summary.Changed() && s.mutations.Load() != before {
			t.Error("the server was asked to change something for nothing")
		}
	}
	notes, files, _ := s.published()
	if diff := cmp.Diff(map[string]string{"a.md": "![[a.png]]", "c.md": "![[a.png]]"}, notes); diff != "" {
		t.Error(diff)
	}
	if other := "a.png " + hash("other pixels"); files["a.md a.png"] != other || files["c.md a.png"] != other {
		t.Errorf("files %v", files)
	}
	if asked["NotePaths"] != 1 {
		t.Errorf("asked %v", asked)
	}
}

// TestWhatGoesDuringAWatchIsHidden renames and removes notes between two pushes, without --delete: a note
// moves in one step, and what was gone before stays.
func TestWhatGoesDuringAWatchIsHidden(t *testing.T) {
	s := start(t)
	dir := folder(t, map[string]string{"before.md": "before", "old.md": "text", "removed.md": "x", "kept.md": "kept"})
	s.mustPush(dir, nil)
	remove(t, dir, "before.md")
	memory := &push.Memory{}
	watching := func(o *push.Options, c *client.Options) { o.Memory, c.RetryFor = memory, 0 }
	if summary, _ := s.mustPush(dir, watching); !slices.Equal(summary.Left, []string{"before.md"}) || len(summary.Hidden) != 0 {
		t.Errorf("a watch begins with %+v", summary)
	}
	remove(t, dir, "old.md")
	write(t, dir, "new.md", "text")
	remove(t, dir, "removed.md")
	s.cut("CommitNotes", 1, false)
	if _, _, err := s.push(t.Context(), dir, watching); trip2g.ErrorCode(err) != trip2g.EUNAVAILABLE {
		t.Fatal(err)
	}
	s.interfere(func(operation string, _ http.ResponseWriter, _ *http.Request) {
		if notes, _, _ := s.published(); operation == "CommitNotes" && (notes["old.md"] != "text" || len(notes) != 4) {
			t.Errorf("before %s readers see %v", operation, notes)
		}
	}, nil)
	s.mustPush(dir, watching)
	notes, _, _ := s.published()
	if diff := cmp.Diff(map[string]string{"before.md": "before", "new.md": "text", "kept.md": "kept"}, notes); diff != "" {
		t.Error(diff)
	}
	for name := range notes {
		if name != "before.md" {
			remove(t, dir, name)
		}
	}
	if _, _, err := s.push(t.Context(), dir, watching); trip2g.ErrorCode(err) != trip2g.EINVALID {
		t.Errorf("of a folder that lost everything: %v", err)
	}
}

// TestWhatSomebodyShowsAgainIsNotHiddenByAWatch has a note that went during the watch come back from elsewhere.
func TestWhatSomebodyShowsAgainIsNotHiddenByAWatch(t *testing.T) {
	s := start(t)
	memory := &push.Memory{}
	watching := func(o *push.Options, c *client.Options) { o.Memory, c.RetryFor = memory, 0 }
	dir := folder(t, map[string]string{"a.md": "a", "b.md": "b"})
	s.mustPush(dir, watching)
	remove(t, dir, "b.md")
	s.mustPush(dir, watching)
	s.mustPush(folder(t, map[string]string{"b.md": "theirs"}), nil)
	write(t, dir, "a.md", "better")
	s.cut("CommitNotes", 1, false)
	if _, _, err := s.push(t.Context(), dir, watching); err == nil {
		t.Fatal("it was not cut")
	}
	s.mustPush(dir, watching)
	notes, _, _ := s.published()
	if diff := cmp.Diff(map[string]string{"a.md": "better", "b.md": "theirs"}, notes); diff != "" {
		t.Error(diff)
	}
}

func TestAfterAFailureTheServerIsAskedAnew(t *testing.T) {
	s := start(t)
	memory := &push.Memory{}
	remembering := func(o *push.Options, c *client.Options) { o.Memory, c.RetryFor = memory, 0 }
	dir := folder(t, map[string]string{"a.md": "a"})
	s.mustPush(dir, remembering)
	write(t, dir, "a.md", "better")
	s.cut("CommitNotes", 1, false)
	if _, _, err := s.push(t.Context(), dir, remembering); trip2g.ErrorCode(err) != trip2g.EUNAVAILABLE {
		t.Fatal(err)
	}
	s.mustPush(dir, remembering)
	if notes, _, _ := s.published(); notes["a.md"] != "better" {
		t.Errorf("readers see %v", notes)
	}
}

// TestWhatTheServerDoesNotTakeKeepsNothingElseFromReaders pushes a note that is larger than the
// server takes among others.
func TestWhatTheServerDoesNotTakeKeepsNothingElseFromReaders(t *testing.T) {
	s := start(t)
	dir := folder(t, map[string]string{"a.md": "a", "b.md": strings.Repeat("b", 17<<20), "c.md": "c"})
	summary, told := s.mustPush(dir, withDelete)
	if notes, _, _ := s.published(); len(notes) != 2 || !slices.Equal(summary.Sent, []string{"a.md", "c.md"}) {
		t.Errorf("readers see %d notes; sent %q", len(notes), summary.Sent)
	}
	if len(told.warnings) != 1 || !strings.HasPrefix(told.warnings[0], "b.md: is not taken by the server") {
		t.Errorf("warnings %.500q", told.warnings)
	}
}

// leavingOut is a vault with a note that cannot be published any more.
type leavingOut struct{ push.Vault }

func (leavingOut) LeftOut() []string { return []string{"b.md"} }

func TestANoteThatIsLeftOutStaysAsTheServerHasIt(t *testing.T) {
	s := start(t)
	dir := folder(t, map[string]string{"a.md": "a", "b.md": "b"})
	s.mustPush(dir, nil)
	remove(t, dir, "b.md")
	summary, _, err := s.push(context.Background(), dir, func(o *push.Options, _ *client.Options) { o.Vault, o.Delete = leavingOut{o.Vault}, true })
	if notes, _, _ := s.published(); err != nil || notes["b.md"] != "b" || len(summary.Hidden) != 0 {
		t.Errorf("readers see %v: %v", notes, err)
	}
}

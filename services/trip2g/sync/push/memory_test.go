package push_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/sync/client"
	"trip2g/services/trip2g/sync/push"
)

// TestWhatIsRememberedIsNotAskedAgain pushes a folder repeatedly, as a watch does. The server is
// asked for its notes once, a push without a change sends no request, and each change arrives.
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

// TestWhatGoesDuringAWatchIsHidden renames and removes notes between two pushes, without --delete.
// A note moves in one step, and notes removed before the watch stay.
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

// TestWhatSomebodyShowsAgainIsNotHiddenByAWatch publishes a note from elsewhere after it was
// removed during the watch.
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

// TestWhatTheServerDoesNotTakeKeepsNothingElseFromReaders pushes several notes, one of which
// exceeds the server's limit.
func TestWhatTheServerDoesNotTakeKeepsNothingElseFromReaders(t *testing.T) {
	s := start(t)
	dir := folder(t, map[string]string{"a.md": "a", "b.md": strings.Repeat("b", 17<<20), "c.md": "c"})
	summary, told := s.mustPush(dir, withDelete)
	if notes, _, _ := s.published(); len(notes) != 2 || !slices.Equal(summary.Sent, []string{"a.md", "c.md"}) {
		t.Errorf("readers see %d notes; sent %q", len(notes), summary.Sent)
	}
	if len(told.warnings) != 1 || !strings.HasPrefix(told.warnings[0], "b.md: was rejected by the server") {
		t.Errorf("warnings %.500q", told.warnings)
	}
}

// leavingOut is a vault with a note that can no longer be published.
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

// TestANoteThatARuleLeavesOutIsUnpublishedOnlyByDelete excludes a published note and image by a
// rule.
func TestANoteThatARuleLeavesOutIsUnpublishedOnlyByDelete(t *testing.T) {
	s := start(t)
	dir := folder(t, map[string]string{"a.md": "![[scan.png]]", "Diary/b.md": "b", "Diary/never.md": "c"})
	write(t, dir, "Diary/scan.png", "pixels")
	remove(t, dir, "Diary/never.md")
	s.mustPush(dir, nil)
	write(t, dir, "Diary/never.md", "c")
	write(t, dir, ".trip2gignore", "Diary/\n")
	memory := &push.Memory{}
	watching := func(o *push.Options, _ *client.Options) { o.Memory = memory }
	for range 2 { // notes that a watch saw in the vault are left, too
		summary, told := s.mustPush(dir, watching)
		if notes, _, _ := s.published(); len(notes) != 2 || !slices.Equal(summary.StillPublished, []string{"Diary/b.md"}) || len(summary.Excluded) != 2 {
			t.Errorf("readers see %v after %+v", notes, summary)
		}
		if want := []string{`a.md: refers to "scan.png", which is excluded (.trip2gignore:1)`}; !slices.Equal(told.warnings, want) {
			t.Errorf("warnings %q", told.warnings)
		}
	}
	summary, _ := s.mustPush(dir, withDelete)
	if notes, _, _ := s.published(); len(notes) != 1 || !slices.Equal(summary.Hidden, []string{"Diary/b.md"}) || len(summary.StillPublished) != 0 {
		t.Errorf("readers see %v after %+v", notes, summary)
	}
}

// TestNothingThatIsLeftOutIsSent searches every byte that a push sends for a secret and its name.
func TestNothingThatIsLeftOutIsSent(t *testing.T) {
	s := start(t)
	dir := folder(t, map[string]string{
		"a.md": "![[hush.txt]] ![[Private/hush.txt]]", "Private/silent.md": "psst", "Private/hush.txt": "psst", ".trip2gignore": "Private/\n",
	})
	target, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	var sent bytes.Buffer
	listener := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sent.Write(body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		httputil.NewSingleHostReverseProxy(target).ServeHTTP(w, r)
	}))
	defer listener.Close()
	s.mustPush(dir, func(_ *push.Options, c *client.Options) { c.URL = listener.URL })
	if body := sent.String(); !strings.Contains(body, "a.md") || strings.Contains(body, "psst") || strings.Contains(body, "silent") {
		t.Errorf("sent %s", body)
	}
}

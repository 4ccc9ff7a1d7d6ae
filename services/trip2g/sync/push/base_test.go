package push_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/sync/client"
	"trip2g/services/trip2g/sync/pull"
	"trip2g/services/trip2g/sync/push"
	"trip2g/services/trip2g/sync/vault"
)

// pullInto pulls into a folder, as another machine does.
func (s *server) pullInto(dir string) {
	s.t.Helper()
	from, err := client.New(client.Options{URL: s.URL, Key: s.key})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := pull.Run(s.t.Context(), dir, pull.Options{Server: from, Reporter: &report{}, Text: vault.Text}); err != nil {
		s.t.Fatal(err)
	}
}

// pushPulled pushes a pulled folder.
func (s *server) pushPulled(dir string, change func(*push.Options, *client.Options)) (push.Summary, error) {
	s.t.Helper()
	state, err := pull.OpenState(dir)
	if err != nil || state == nil {
		s.t.Fatalf("the folder remembers %v: %v", state, err)
	}
	defer state.Close()
	summary, _, err := s.push(context.Background(), dir, func(o *push.Options, c *client.Options) {
		o.Base, o.Delete = state, true
		if change != nil {
			change(o, c)
		}
	})
	return summary, err
}

// TestAPulledFolderDoesNotUndoWhatOthersPublish has each way in which a note can differ from the
// pull, in the folder and on the server.
func TestAPulledFolderDoesNotUndoWhatOthersPublish(t *testing.T) {
	for _, force := range []bool{false, true} {
		t.Run(fmt.Sprint("force ", force), func(t *testing.T) {
			s := start(t)
			first := folder(t, map[string]string{"same.md": "1", "older.md": "1", "edited.md": "1", "both.md": "1", "hidden.md": "1", "removed.md": "1", "renamed.md": "name"})
			s.mustPush(first, nil)
			second := t.TempDir()
			s.pullInto(second)
			remove(t, first, "hidden.md")
			remove(t, first, "renamed.md")
			for name, content := range map[string]string{"older.md": "2", "both.md": "2", "theirs.md": "2", "to.md": "name"} {
				write(t, first, name, content)
			}
			s.mustPush(first, withDelete)
			remove(t, second, "removed.md")
			for name, content := range map[string]string{"edited.md": "mine", "both.md": "mine", "new.md": "mine"} {
				write(t, second, name, content)
			}
			summary, err := s.pushPulled(second, func(o *push.Options, _ *client.Options) { o.Force = force })
			if err != nil {
				t.Fatal(err)
			}
			summary.Position = 0
			did := push.Summary{
				Sent: []string{"both.md", "edited.md", "new.md"}, Hidden: []string{"removed.md"}, Unchanged: 1,
				Older: []string{"hidden.md", "older.md", "renamed.md"}, NeverHad: []string{"theirs.md", "to.md"},
			}
			if force {
				did = push.Summary{
					Sent:   []string{"both.md", "edited.md", "hidden.md", "new.md", "older.md", "renamed.md"},
					Hidden: []string{"removed.md", "theirs.md", "to.md"}, Unchanged: 1,
				}
			}
			if diff := cmp.Diff(did, summary); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestARemovedNoteThatOthersChangedMeanwhileStaysPublished removes a note from a folder and
// publishes a newer text of it from elsewhere. The removal was made without knowing that text.
func TestARemovedNoteThatOthersChangedMeanwhileStaysPublished(t *testing.T) {
	s := start(t)
	first := folder(t, map[string]string{"a.md": "1", "b.md": "1"})
	s.mustPush(first, nil)
	dir := t.TempDir()
	s.pullInto(dir)
	remove(t, dir, "a.md")
	write(t, first, "a.md", "2")
	s.mustPush(first, nil)
	summary, err := s.pushPulled(dir, nil)
	notes, _, _ := s.published()
	if err != nil || len(summary.Hidden) != 0 || !slices.Equal(summary.Older, []string{"a.md"}) || notes["a.md"] != "2" {
		t.Errorf("%v published, %+v, %v", notes, summary, err)
	}
	summary, err = s.pushPulled(dir, func(o *push.Options, _ *client.Options) { o.Force = true })
	if notes, _, _ = s.published(); err != nil || !slices.Equal(summary.Hidden, []string{"a.md"}) || len(notes) != 1 {
		t.Errorf("with force %v published, %+v, %v", notes, summary, err)
	}
}

// TestAPushThatFailedLeavesNothingThatIsTakenForAnothers reverts an edit and a removal that the
// server had received but not published. Readers must not get them with the next push.
func TestAPushThatFailedLeavesNothingThatIsTakenForAnothers(t *testing.T) {
	s := start(t)
	notes := map[string]string{"a.md": "as pulled", "b.md": "as pulled", "c.md": "c"}
	s.mustPush(folder(t, notes), nil)
	dir := t.TempDir()
	s.pullInto(dir)
	write(t, dir, "a.md", "a mistake")
	remove(t, dir, "b.md")
	s.cut("CommitNotes", 1, false)
	if _, err := s.pushPulled(dir, quick); trip2g.ErrorCode(err) != trip2g.EUNAVAILABLE {
		t.Fatal(err)
	}
	write(t, dir, "a.md", "as pulled")
	write(t, dir, "b.md", "as pulled")
	summary, err := s.pushPulled(dir, nil)
	if err != nil || len(summary.Older) > 0 {
		t.Errorf("%+v: %v", summary, err)
	}
	published, _, _ := s.published()
	if diff := cmp.Diff(notes, published); diff != "" {
		t.Error(diff)
	}
}

// TestAPushThatFailedHidesWhenItIsRunAgain stops the server before it receives the hiding.
func TestAPushThatFailedHidesWhenItIsRunAgain(t *testing.T) {
	s := start(t)
	s.mustPush(folder(t, map[string]string{"a.md": "a", "b.md": "b"}), nil)
	dir := t.TempDir()
	s.pullInto(dir)
	remove(t, dir, "b.md")
	s.cut("HideNotes", 1, false)
	if _, err := s.pushPulled(dir, quick); trip2g.ErrorCode(err) != trip2g.EUNAVAILABLE {
		t.Fatal(err)
	}
	summary, err := s.pushPulled(dir, nil)
	if err != nil || !slices.Equal(summary.Hidden, []string{"b.md"}) {
		t.Errorf("%+v: %v", summary, err)
	}
}

package push_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/sync/client"
	"trip2g/services/trip2g/sync/push"
)

// TestAPushThatIsCutAnywhereCountsOnce cuts the connection on each operation, before and after it
// is carried out. The push continues, and readers see the whole of it, once.
func TestAPushThatIsCutAnywhereCountsOnce(t *testing.T) {
	for _, operation := range operations {
		for _, carriedOut := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s carried out %v", operation, carriedOut), func(t *testing.T) {
				s := start(t)
				s.mustPush(folder(t, map[string]string{"old.md": "old"}), nil)
				_, _, before := s.published()
				dir := folder(t, map[string]string{"a.md": "![[a.png]]"})
				write(t, dir, "a.png", "pixels")
				s.cut(operation, 1, carriedOut)
				s.mustPush(dir, withDelete)
				notes, files, after := s.published()
				if diff := cmp.Diff(map[string]string{"a.md": "![[a.png]]"}, notes); diff != "" {
					t.Error(diff)
				}
				if files["a.md a.png"] != "a.png "+hash("pixels") {
					t.Errorf("files %v", files)
				}
				// Note, file and hiding: a change made twice would add a position twice.
				if after > before+3 {
					t.Errorf("the position went from %d to %d", before, after)
				}
			})
		}
	}
}

// TestAPushThatFailsAnywhereShowsNothingAndSucceedsWhenItIsRunAgain stops the server for good in
// each operation. Readers see nothing of the push, and the same push, run again, publishes all of
// it.
func TestAPushThatFailsAnywhereShowsNothingAndSucceedsWhenItIsRunAgain(t *testing.T) {
	for _, operation := range operations {
		t.Run(operation, func(t *testing.T) {
			s := start(t)
			s.mustPush(folder(t, map[string]string{"old.md": "old"}), nil)
			files := map[string]string{}
			for i := range 150 {
				files[fmt.Sprintf("%03d.md", i)] = fmt.Sprint("note ", i)
			}
			for i := range 20 {
				files[fmt.Sprintf("%03d.md", 7*i)] = fmt.Sprintf("![[%d.png]]", i%10)
			}
			dir := folder(t, files)
			for i := range 10 {
				write(t, dir, fmt.Sprintf("%d.png", i), fmt.Sprint("pixels ", i))
			}
			// The first request of the operation passes, if there are more.
			passed := operation != "PushNotes" && operation != "UploadNoteAsset"
			var mu sync.Mutex
			s.interfere(func(asked string, _ http.ResponseWriter, _ *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				if asked != operation {
					return
				}
				if passed {
					panic(http.ErrAbortHandler)
				}
				passed = true
			}, nil)
			_, _, err := s.push(t.Context(), dir, func(o *push.Options, c *client.Options) { o.Delete, c.RetryFor = true, 0 })
			if trip2g.ErrorCode(err) != trip2g.EUNAVAILABLE {
				t.Fatal(err)
			}
			if failed, ok := errors.AsType[*push.Error](err); operation != "NotePaths" && (!ok || failed.Outcome != push.NotVisible) {
				t.Errorf("error %v", err)
			}
			if notes, _, _ := s.published(); len(notes) != 1 || notes["old.md"] != "old" {
				t.Errorf("readers see %d notes", len(notes))
			}
			s.interfere(nil, nil)
			s.mustPush(dir, withDelete)
			notes, assets, _ := s.published()
			if diff := cmp.Diff(files, notes); diff != "" || len(assets) != 20 {
				t.Errorf("%d files; notes: %s", len(assets), diff)
			}
		})
	}
}

func TestAStoppedPushShowsNothing(t *testing.T) {
	for _, operation := range []string{"PushNotes", "UploadNoteAsset", "HideNotes"} {
		t.Run(operation, func(t *testing.T) {
			s := start(t)
			s.mustPush(folder(t, map[string]string{"old.md": "old"}), nil)
			dir := folder(t, map[string]string{"a.md": "![[a.png]]"})
			write(t, dir, "a.png", "pixels")
			ctx, stop := context.WithCancel(t.Context())
			s.interfere(func(asked string, _ http.ResponseWriter, r *http.Request) {
				if asked == operation {
					stop()
					<-r.Context().Done()
				}
			}, nil)
			_, _, err := s.push(ctx, dir, withDelete)
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			if notes, _, _ := s.published(); len(notes) != 1 || notes["old.md"] != "old" {
				t.Errorf("readers see %v", notes)
			}
		})
	}
}

func TestARefusedKeyEndsAPushAtOnce(t *testing.T) {
	s := start(t)
	dir := folder(t, map[string]string{"a.md": "a"})
	_, _, err := s.push(t.Context(), dir, func(_ *push.Options, c *client.Options) { c.Key = "t2g_wrong" })
	if trip2g.ErrorCode(err) != trip2g.EUNAUTHORIZED || strings.Contains(err.Error(), "t2g_wrong") {
		t.Error(err)
	}
	s.interfere(func(operation string, _ http.ResponseWriter, _ *http.Request) {
		if operation == "PushNotes" {
			if err := s.db.RevokeKey(t.Context(), 1, time.Now()); err != nil {
				t.Error(err)
			}
		}
	}, nil)
	if _, _, err := s.push(t.Context(), dir, nil); trip2g.ErrorCode(err) != trip2g.EUNAUTHORIZED {
		t.Errorf("a key that is revoked during the push: %v", err)
	}
	if notes, _, _ := s.published(); len(notes) != 0 {
		t.Errorf("readers see %v", notes)
	}
}

// TestANoteThatGoesDuringThePushIsLeftOut removes a note and edits another after the folder was
// read, when the server is asked for its notes.
func TestANoteThatGoesDuringThePushIsLeftOut(t *testing.T) {
	s := start(t)
	dir := folder(t, map[string]string{"a.md": "a", "b.md": "b"})
	s.interfere(func(operation string, _ http.ResponseWriter, _ *http.Request) {
		if operation == "NotePaths" {
			remove(t, dir, "a.md")
			write(t, dir, "b.md", "b, edited")
		}
	}, nil)
	_, told := s.mustPush(dir, nil)
	notes, _, _ := s.published()
	if diff := cmp.Diff(map[string]string{"b.md": "b, edited"}, notes); diff != "" {
		t.Error(diff)
	}
	if len(told.warnings) != 1 || !strings.Contains(told.warnings[0], "a.md") {
		t.Errorf("warnings %q", told.warnings)
	}
}

// changingVault has a file that changes between hashing and sending, a number of times.
type changingVault struct {
	push.Vault
	change func(n int)
	opened int
}

func (v *changingVault) OpenAsset(assetPath string) (io.ReadCloser, error) {
	v.opened++
	v.change(v.opened)
	return v.Vault.OpenAsset(assetPath)
}

func TestAFileThatChangesIsSentAsItIsAtLast(t *testing.T) {
	for changes, fails := range map[int]bool{2: false, 99: true} {
		t.Run(fmt.Sprint(changes, " changes"), func(t *testing.T) {
			s := start(t)
			dir := folder(t, map[string]string{"a.md": "![[a.png]]"})
			write(t, dir, "a.png", "first")
			last := "first"
			_, _, err := s.push(t.Context(), dir, func(o *push.Options, c *client.Options) {
				o.Vault = &changingVault{Vault: o.Vault, change: func(n int) {
					if n <= changes {
						last = fmt.Sprint("version ", n)
						write(t, dir, "a.png", last)
					}
				}}
			})
			notes, files, _ := s.published()
			if fails {
				if trip2g.ErrorCode(err) != trip2g.ECONFLICT || !strings.Contains(err.Error(), "a.png") || len(notes) != 0 {
					t.Errorf("readers see %v: %v", notes, err)
				}
				return
			}
			if err != nil || files["a.md a.png"] != "a.png "+hash(last) {
				t.Errorf("files %v, want %s: %v", files, last, err)
			}
		})
	}
}

// TestAPushThatWasLostIsNotPublishedByTheNextOne has a push of the wrong folder fail while the
// server is away, so that it cannot be discarded.
func TestAPushThatWasLostIsNotPublishedByTheNextOne(t *testing.T) {
	for name, other := range map[string]bool{"with the same key": false, "with another key": true} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			s.mustPush(folder(t, map[string]string{"b.md": "b"}), nil)
			s.away("CommitNotes", "DiscardNotes")
			_, _, err := s.push(t.Context(), folder(t, map[string]string{"diary.md": "private"}), func(o *push.Options, c *client.Options) { o.Delete, c.RetryFor = true, 0 })
			if failed, ok := errors.AsType[*push.Error](err); !ok || failed.Outcome != push.VisibilityUnknown {
				t.Fatal(err)
			}
			s.interfere(nil, nil)
			s.mustPush(folder(t, map[string]string{"a.md": "a"}), func(_ *push.Options, c *client.Options) {
				if other {
					c.Key = s.newKey()
				}
			})
			notes, _, _ := s.published()
			if diff := cmp.Diff(map[string]string{"a.md": "a", "b.md": "b"}, notes); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestACommitWhoseAnswersAreLostSucceeds loses each answer to the commit. The server's refusal to
// discard the push shows that it is visible.
func TestACommitWhoseAnswersAreLostSucceeds(t *testing.T) {
	s := start(t)
	s.interfere(nil, func(operation string) {
		if operation == "CommitNotes" {
			panic(http.ErrAbortHandler)
		}
	})
	s.mustPush(folder(t, map[string]string{"a.md": "a"}), quick)
	if notes, _, _ := s.published(); notes["a.md"] != "a" {
		t.Errorf("readers see %v", notes)
	}
}

// TestAPushThatIsStoppedLeavesNothingStaged checks the database. The changes sent before Ctrl-C are
// gone.
func TestAPushThatIsStoppedLeavesNothingStaged(t *testing.T) {
	for _, operation := range []string{"UploadNoteAsset", "HideNotes", "CommitNotes"} {
		t.Run(operation, func(t *testing.T) {
			s := start(t)
			s.mustPush(folder(t, map[string]string{"old.md": "old"}), nil)
			dir := folder(t, map[string]string{"a.md": "![[a.png]]"})
			write(t, dir, "a.png", "pixels")
			ctx, stop := context.WithCancel(t.Context())
			s.interfere(func(asked string, _ http.ResponseWriter, r *http.Request) {
				if asked == operation {
					stop()
					<-r.Context().Done()
					panic(http.ErrAbortHandler)
				}
			}, nil)
			_, _, err := s.push(ctx, dir, withDelete)
			if failed, ok := errors.AsType[*push.Error](err); !ok || failed.Outcome != push.NotVisible || !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			s.interfere(nil, nil)
			if states := s.stages(); states != "committed discarded" {
				t.Errorf("the pushes are %s", states)
			}
		})
	}
}

// TestARoundOfAWatchGoesOnWithTheOneThatFailed stops the server after it has received the notes.
// They are not sent again, and a change reverted meanwhile is not published.
func TestARoundOfAWatchGoesOnWithTheOneThatFailed(t *testing.T) {
	s := start(t)
	memory := &push.Memory{}
	remembering := func(o *push.Options, c *client.Options) { o.Memory, c.RetryFor = memory, 0 }
	dir := folder(t, map[string]string{"a.md": "![[a.png]]", "back.md": "a mistake"})
	write(t, dir, "a.png", "pixels")
	s.away("UploadNoteAsset")
	if _, _, err := s.push(t.Context(), dir, remembering); trip2g.ErrorCode(err) != trip2g.EUNAVAILABLE {
		t.Fatal(err)
	}
	remove(t, dir, "back.md")
	s.interfere(nil, nil)
	summary, _ := s.mustPush(dir, remembering)
	if notes, _, _ := s.published(); len(notes) != 1 || len(summary.Sent) != 0 || len(summary.Files) != 1 {
		t.Errorf("readers see %v; %+v", notes, summary)
	}
	write(t, dir, "next.md", "next")
	s.away("CommitNotes", "DiscardNotes")
	if _, _, err := s.push(t.Context(), dir, remembering); err == nil {
		t.Fatal("the push succeeded")
	}
	s.interfere(nil, nil)
	s.mustPush(dir, remembering)
	if notes, _, _ := s.published(); len(notes) != 2 {
		t.Errorf("readers see %v", notes)
	}
}

// TestAPushWaitsForAServerThatCannotTakeIt makes the server's database busy, or its disk full, for
// a while.
func TestAPushWaitsForAServerThatCannotTakeIt(t *testing.T) {
	for _, operation := range operations {
		t.Run(operation, func(t *testing.T) {
			s := start(t)
			s.mustPush(folder(t, map[string]string{"old.md": "old"}), nil)
			dir := folder(t, map[string]string{"a.md": "![[a.png]]"})
			write(t, dir, "a.png", "pixels")
			s.instead(operation, busy(operation))
			retried := 0
			summary, told := s.mustPush(dir, func(o *push.Options, c *client.Options) {
				o.Delete = true
				c.OnRetry = func(err error, _ time.Duration) {
					if retried++; retried == 2 {
						s.instead(operation, nil)
					}
				}
			})
			if retried != 2 || len(told.warnings) != 0 || !slices.Equal(summary.Files, []string{"a.png"}) {
				t.Errorf("tried again %d times, warned %q: %+v", retried, told.warnings, summary)
			}
		})
	}
}

// TestAPushFailsWholeIfTheServerCannotTakeAPartOfIt makes it so for longer than a push retries.
func TestAPushFailsWholeIfTheServerCannotTakeAPartOfIt(t *testing.T) {
	for _, operation := range operations {
		t.Run(operation, func(t *testing.T) {
			s := start(t)
			s.mustPush(folder(t, map[string]string{"old.md": "old"}), nil)
			dir := folder(t, map[string]string{"a.md": "![[a.png]]"})
			write(t, dir, "a.png", "pixels")
			s.instead(operation, busy(operation))
			_, _, err := s.push(t.Context(), dir, func(o *push.Options, c *client.Options) { o.Delete, c.RetryFor = true, time.Millisecond })
			if trip2g.ErrorCode(err) != trip2g.EUNAVAILABLE || !strings.Contains(err.Error(), "the database is busy") {
				t.Error(err)
			}
			if notes, _, _ := s.published(); len(notes) != 1 || notes["old.md"] != "old" {
				t.Errorf("readers see %v", notes)
			}
		})
	}
}

// busy returns the answer of a server that is temporarily unavailable.
func busy(operation string) http.HandlerFunc {
	body := `{"data":{"result":{"__typename":"ErrorPayload","code":"unavailable","message":"the database is busy","byFields":[]}}}`
	if operation == "NotePaths" {
		body = `{"errors":[{"message":"the database is busy","extensions":{"code":"unavailable"}}],"data":null}`
	}
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, body)
	}
}
